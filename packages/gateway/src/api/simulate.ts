/** Our own routes: a call without a carrier, a text without a provider. */
import { apiError, fieldsSchema, parseSimulate, SIMULATE_FIELDS, SIMULATED_TEXT_FAULTS } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, invalid } from './failure.ts';
import type { Route } from './route.ts';

/** The routes that place calls and texts without telephony. */
export function simulateRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/simulate-inbound-call',
      summary: 'Place a call without a carrier; it asks the webhook as any other does, through a faulty line if wanted',
      access: 'write',
      audited: false,
      status: 201,
      body: fieldsSchema(SIMULATE_FIELDS, true),
      handle({ body, warn }) {
        const { from_number, to_number, headers, fault } = accept(parseSimulate(body), warn);
        return deps.simulateCall({ from_number, to_number, ...(headers && { headers }), ...(fault && { fault }) });
      },
    },
    textRoute(deps),
  ];
}

function textRoute(deps: ApiDeps): Route {
  return {
    method: 'POST',
    path: '/simulate-inbound-sms',
    summary: 'Send a text without a provider; it asks the webhook as any other does, and its answer stands in the chat',
    access: 'write',
    audited: false,
    status: 201,
    body: fieldsSchema(SIMULATE_FIELDS, true),
    async handle({ body, warn }) {
      const { from_number, to_number, headers, text, fault } = accept(parseSimulate(body), warn);
      if (fault?.kind === 'hang-up') {
        throw invalid(`fault.kind: nobody hangs up on a text; it can be one of ${SIMULATED_TEXT_FAULTS.join(', ')}.`);
      }
      const simulated = { ...(headers && { headers }), ...(fault && { fault }) };
      const taken = await deps.simulateText({ from_number, to_number, text, ...simulated });
      if (taken === undefined) throw new ApiFailure(apiError('overloaded', {}));
      if (fault && taken.chat_id !== undefined) {
        warn('The text continues a chat, so no webhook is asked and the fault has no effect (A6).');
      }
      return taken;
    },
  };
}
