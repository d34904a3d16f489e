export { createTwilioEdge, type TwilioEdgeOptions } from './twilio-edge.ts';
export { createTwilioReader, type ReadTwilioForm, type TwilioFields } from './twilio-signature.ts';
export { createTwilioWebhooks, type TwilioWebhooks, type TwilioWebhooksDeps } from './twilio-webhooks.ts';
