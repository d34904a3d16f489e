/** Our own route: a call without a carrier. */
import { fieldsSchema, parseSimulate, SIMULATE_FIELDS } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { accept } from './failure.ts';
import type { Route } from './route.ts';

/** The routes that place calls without telephony. */
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
  ];
}
