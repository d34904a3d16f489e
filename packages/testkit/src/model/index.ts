export { type ModelEndpoint, type ModelEndpointOptions, startModelEndpoint } from './model-endpoint.ts';
export type { ModelAnswer, RecordedModelRequest, SaidByModel, WireMessage, WireTool } from './wire.ts';
