/** How the gateway is: alive, ready, and how many calls it has. */
import type { ApiDeps } from './deps.ts';
import type { Route } from './route.ts';

/** Nobody sells calls at once here: the limit is the operator's, and holds for both directions alike. */
const NOTHING_TO_BUY = {
  purchased_concurrency: 0,
  concurrency_purchase_limit: 0,
  remaining_purchase_limit: 0,
  concurrency_burst_enabled: false,
  concurrency_burst_limit: 0,
  reserved_inbound_concurrency: 0,
};

/** The routes of the gateway's state. */
export function statusRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/get-concurrency',
      summary: 'Calls now, and the limit where there is one',
      access: 'read',
      handle() {
        const { current, limit } = deps.concurrency();
        return {
          current_concurrency: current,
          ...(limit > 0 && { concurrency_limit: limit, base_concurrency: limit }),
          ...NOTHING_TO_BUY,
        };
      },
    },
    {
      method: 'GET',
      path: '/health',
      summary: 'The process is alive',
      access: 'public',
      handle: () => ({ status: 'ok' }),
    },
    {
      method: 'GET',
      path: '/ready',
      summary: 'Takes calls (200), or why not (503)',
      access: 'public',
      handle({ status }) {
        const { ready, reasons } = deps.ready();
        if (ready) return { status: 'ready' };
        status(503);
        return { status: 'error', message: `Not ready: ${reasons.join('; ')}.`, reasons };
      },
    },
  ];
}
