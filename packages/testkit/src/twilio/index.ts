export { formOf, makeSid, rfc2822, type TwilioAccount, twilioError, twilioPage } from './account.ts';
export { askDialAction, askVoiceUrl, type DialResult, type TwilioCall, type TwimlAnswer } from './calls.ts';
export type { TwilioFate, TwilioMessage, TwilioMessageStatus } from './messages.ts';
export { createTwilioNumbers, type TwilioNumber, type TwilioNumbers, type TwilioOffer } from './numbers.ts';
export { readTwiml, type TwimlVerb } from './read-twiml.ts';
export {
  type FakeTwilio,
  type FakeTwilioOptions,
  startFakeTwilio,
  type TwilioRoute,
  type TwilioText,
} from './server.ts';
export { deliverTwilioWebhook, type TwilioWebhook, type WebhookFields, type WebhookOutcome } from './webhooks.ts';
