/** What the webhooks of all providers have in common. */
import { apiError } from '@pickup/contract';
import type { TwilioFields, TwilioWebhooks } from '../edges/twilio/index.ts';
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

const NO_TWILIO = 'PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN are not set.';
const NOT_OF_TWILIO =
  'the signature does not fit the auth token and the URL. PICKUP_PUBLIC_URL must be the URL that Twilio was given.';

/** The fields of a request that Twilio signed. Throws 403 for any other (case 77). */
export function twilioForm(ask: Ask, twilio: Pick<TwilioWebhooks, 'readForm'> | undefined): TwilioFields {
  const { webhooks, raw } = needSigned(ask, { provider: 'Twilio', webhooks: twilio, missing: NO_TWILIO });
  const fields = webhooks.readForm(raw);
  if (fields !== undefined) return fields;
  throw new ApiFailure(apiError('webhook_not_proven', { provider: 'Twilio', reason: NOT_OF_TWILIO }));
}

/** 503: the provider is to come again (G, overloaded). */
export const notTaken = (): ApiFailure => new ApiFailure(apiError('overloaded'));
