/** Where Twilio brings texts, and tells what became of ours (case 76, case 77). */
import { apiError } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { ApiFailure } from './failure.ts';
import { needSigned, notTaken } from './provider-webhook.ts';
import type { Ask, Route } from './route.ts';

/** Our reply texts go through the REST API, once the agent has one; the answer to a webhook is empty. */
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

/** The two routes Twilio asks about texts. */
export function twilioMessageRoutes(deps: Pick<ApiDeps, 'twilio'>): readonly Route[] {
  const fieldsOf = (ask: Ask) => {
    const missing = 'PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN are not set.';
    const { webhooks, raw } = needSigned(ask, { provider: 'Twilio', webhooks: deps.twilio, missing });
    const fields = webhooks.readForm(raw);
    if (fields !== undefined) return { webhooks, fields };
    const reason =
      'the signature does not fit the auth token and the URL. PICKUP_PUBLIC_URL must be the URL that Twilio was given.';
    throw new ApiFailure(apiError('webhook_not_proven', { provider: 'Twilio', reason }));
  };
  return [
    {
      method: 'POST',
      path: '/twilio/sms',
      summary: 'Twilio brings a text (signed by Twilio)',
      access: 'public',
      raw: true,
      async handle(ask) {
        const { webhooks, fields } = fieldsOf(ask);
        const taken = await webhooks.takeText(fields);
        if (taken === 'retry') throw notTaken();
        ask.header('content-type', 'text/xml; charset=utf-8');
        return EMPTY_TWIML;
      },
    },
    {
      method: 'POST',
      path: '/twilio/sms-status',
      summary: 'Twilio tells what became of a text of ours (signed by Twilio)',
      access: 'public',
      status: 204,
      query: ['part'],
      raw: true,
      async handle(ask) {
        const { webhooks, fields } = fieldsOf(ask);
        await webhooks.takeStatus(fields, partOf(ask));
      },
    },
  ];
}

const partOf = ({ query }: Ask): string | undefined => (typeof query['part'] === 'string' ? query['part'] : undefined);
