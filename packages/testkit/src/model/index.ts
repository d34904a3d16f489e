export {
  type CustomLlmMessage,
  type CustomLlmServer,
  type CustomLlmServerOptions,
  type CustomLlmSession,
  startCustomLlmServer,
} from './custom-llm-server.ts';
export { type ModelEndpoint, type ModelEndpointOptions, startModelEndpoint } from './model-endpoint.ts';
export type { ModelAnswer, RecordedModelRequest, SaidByModel, WireMessage, WireTool } from './wire.ts';
