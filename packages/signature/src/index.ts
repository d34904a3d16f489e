export { type SignWebhookInput, signWebhook } from './sign-webhook.ts';
export * from './signature-header.ts';
export { type VerifyWebhookInput, verifyWebhook } from './verify-webhook.ts';
