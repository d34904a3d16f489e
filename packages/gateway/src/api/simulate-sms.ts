/** A text without a provider. */
import { apiError, fieldsSchema, parseSimulate, SIMULATE_FIELDS } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept } from './failure.ts';
import type { Route } from './route.ts';

/** The route of simulated texts. */
export function simulateSmsRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/simulate-inbound-sms',
      summary:
        'Send a text without a provider; it asks the webhook as any other does, and its answer stands in the chat',
      access: 'write',
      audited: false,
      status: 201,
      body: fieldsSchema(SIMULATE_FIELDS, true),
      async handle({ body, warn }) {
        const { from_number, to_number, headers, text } = accept(parseSimulate(body), warn);
        const taken = await deps.simulateText({ from_number, to_number, text, ...(headers && { headers }) });
        if (taken === undefined) throw new ApiFailure(apiError('overloaded', {}));
        return taken;
      },
    },
  ];
}
