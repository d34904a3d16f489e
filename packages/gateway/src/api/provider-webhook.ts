/** What the webhooks of all providers have in common. */
import { apiError } from '@pickup/contract';
import type { WebhookRequest } from '../edges/webhook-request.ts';
import { ApiFailure } from './failure.ts';
import type { Ask } from './route.ts';

/** What the request is checked with. Throws 403 where the provider is not set up: then nobody's signature fits. */
export function needSigned<T>(
  { raw }: Ask,
  given: { readonly provider: string; readonly webhooks: T | undefined; readonly missing: string },
): { readonly webhooks: T; readonly raw: WebhookRequest } {
  const { provider, webhooks, missing } = given;
  if (webhooks !== undefined && raw !== undefined) return { webhooks, raw };
  throw new ApiFailure(apiError('webhook_not_proven', { provider, reason: missing }));
}

/** 503: the provider is to send the text again (G, overloaded). */
export const notTaken = (): ApiFailure => new ApiFailure(apiError('overloaded'));
