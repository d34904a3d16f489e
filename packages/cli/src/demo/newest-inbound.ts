/** The demo's own call or text among the inbounds: the newest of its edge. */
import type { EdgeName } from '@pickup/contract';
import type { RunningGateway } from '@pickup/gateway';
import { CommandFault, type Context } from '../command.ts';

/** One that ended longer ago is an earlier demo's. */
const ENDED_FOR_MS = 2_000;

/** Its id. Rejects where none came for two seconds. */
export async function newestInbound(context: Context, gateway: RunningGateway, edge: EdgeName): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const { items } = await gateway.store.listInbounds({ limit: 1 });
    const newest = items[0];
    if (newest?.edge === edge) {
      const endedForMs = newest.outcome_timestamp === undefined ? 0 : Date.now() - newest.outcome_timestamp;
      if (endedForMs < ENDED_FOR_MS) return newest.inbound_id;
    }
    await context.sleep(20);
  }
  throw new CommandFault(`the ${edge === 'sip' ? 'call' : 'text'} did not reach the gateway`);
}
