export {
  type ApiFault,
  type ApiFaults,
  type ApiReply,
  type ApiRequest,
  type ApiRoute,
  type HttpApi,
  type HttpApiOptions,
  startHttpApi,
} from './http-api.ts';
export { type Delivery, sendWebhook, type WebhookPost } from './send-webhook.ts';
