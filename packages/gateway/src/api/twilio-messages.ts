/** Where Twilio brings texts, and tells what became of ours (case 76, case 77). */
import type { ApiDeps } from './deps.ts';
import { notTaken, twilioForm } from './provider-webhook.ts';
import type { Ask, Route } from './route.ts';

/** Our reply texts go through the REST API, once the agent has one; the answer to a webhook is empty. */
const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

/** The two routes Twilio asks about texts. */
export function twilioMessageRoutes(deps: Pick<ApiDeps, 'twilio'>): readonly Route[] {
  const { twilio } = deps;
  return [
    {
      method: 'POST',
      path: '/twilio/sms',
      summary: 'Twilio brings a text (signed by Twilio)',
      access: 'public',
      raw: true,
      async handle(ask) {
        const fields = twilioForm(ask, twilio);
        const taken = await twilio?.takeText(fields);
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
        const fields = twilioForm(ask, twilio);
        await twilio?.takeStatus(fields, partOf(ask));
      },
    },
  ];
}

const partOf = ({ query }: Ask): string | undefined => (typeof query['part'] === 'string' ? query['part'] : undefined);
