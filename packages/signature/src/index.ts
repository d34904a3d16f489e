export { type SignWebhookInput, signWebhook } from './sign-webhook.ts';
export { DEFAULT_TOLERANCE_MS, type VerifyWebhookInput, verifyWebhook } from './verify-webhook.ts';
