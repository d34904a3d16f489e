export { jsonOf, makeTelnyxAccount, signTelnyx, type TelnyxAccount, telnyxError, telnyxPage } from './account.ts';
export type { TelnyxFate, TelnyxMessage, TelnyxMessageStatus } from './messages.ts';
export { createTelnyxNumbers, type TelnyxNumbers, type TelnyxOffer } from './numbers.ts';
export {
  type FakeTelnyx,
  type FakeTelnyxOptions,
  startFakeTelnyx,
  type TelnyxRoute,
  type TelnyxText,
} from './server.ts';
export { deliverTelnyxWebhook, type TelnyxWebhook, type TelnyxWebhookOutcome } from './webhooks.ts';
