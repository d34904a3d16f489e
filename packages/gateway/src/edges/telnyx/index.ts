export { createTelnyxEdge, type TelnyxEdgeOptions } from './telnyx-edge.ts';
export {
  createTelnyxWebhooks,
  type TelnyxEvent,
  type TelnyxWebhooks,
  type TelnyxWebhooksDeps,
} from './telnyx-webhooks.ts';
