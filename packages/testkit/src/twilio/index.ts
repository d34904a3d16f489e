export { formOf, makeSid, rfc2822, type TwilioAccount, twilioError, twilioPage } from './account.ts';
export type { TwilioFate, TwilioMessage, TwilioMessageStatus } from './messages.ts';
export {
  type FakeTwilio,
  type FakeTwilioOptions,
  startFakeTwilio,
  type TwilioRoute,
  type TwilioText,
} from './server.ts';
export { deliverTwilioWebhook, type TwilioWebhook, type WebhookFields, type WebhookOutcome } from './webhooks.ts';
