export {
  type EndpointAnswer,
  type EndpointReply,
  type FakeEndpoint,
  type FakeEndpointOptions,
  serializeReply,
  startFakeEndpoint,
} from './fake-endpoint.ts';
export type { RecordedRequest } from './request-reader.ts';
