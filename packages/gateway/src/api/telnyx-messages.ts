/** Where Telnyx brings texts, and tells what became of ours (case 76, case 77). */
import { apiError } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { ApiFailure } from './failure.ts';
import { needSigned, notTaken } from './provider-webhook.ts';
import type { Route } from './route.ts';

/** The route of Telnyx's messaging events. */
export function telnyxMessageRoutes(deps: Pick<ApiDeps, 'telnyx'>): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/telnyx/messages',
      summary: 'Telnyx brings a text, or tells what became of one of ours (signed by Telnyx)',
      access: 'public',
      query: ['part'],
      raw: true,
      async handle(ask) {
        const missing = 'PICKUP_TELNYX_PUBLIC_KEY is not set.';
        const { webhooks, raw } = needSigned(ask, { provider: 'Telnyx', webhooks: deps.telnyx, missing });
        const event = await webhooks.readEvent(raw);
        if (event === undefined) {
          const reason = 'the signature does not fit PICKUP_TELNYX_PUBLIC_KEY, or is older than 5 minutes.';
          throw new ApiFailure(apiError('webhook_not_proven', { provider: 'Telnyx', reason }));
        }
        const { part } = ask.query;
        if ((await webhooks.take(event, typeof part === 'string' ? part : undefined)) === 'retry') throw notTaken();
        return { status: 'ok' };
      },
    },
  ];
}
