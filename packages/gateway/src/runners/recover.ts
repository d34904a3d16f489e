/** After a crash: every inbound gets its outcome, every carrier its final answer (H3). */
import type { SipEdge } from '../edges/sip/sip-edge.ts';
import type { Log } from '../observe/index.ts';
import type { CallRow, OpenInbound, Store } from '../stores/port.ts';
import type { Clock } from './clock.ts';
import { LEASE_MARGIN_MS } from './inbound-rows.ts';

export interface RecoverDeps {
  readonly store: Store;
  readonly sip: Pick<SipEdge, 'refuseAfterCrash' | 'endAfterCrash'>;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Says how many inbounds and calls had been left open. */
export async function recover(deps: RecoverDeps): Promise<{ readonly inbounds: number; readonly calls: number }> {
  const { store, nodeId, clock } = deps;
  const inbounds = await store.lapsedInbounds(nodeId, clock.wallMs());
  const calls = await store.ongoingCalls(nodeId);
  await Promise.all([...inbounds.map((inbound) => settle(deps, inbound)), ...calls.map((call) => end(deps, call))]);
  await store.releaseSlotsOf(nodeId);
  return { inbounds: inbounds.length, calls: calls.length };
}

async function settle({ store, sip, clock }: RecoverDeps, inbound: OpenInbound): Promise<void> {
  const now = clock.wallMs();
  const result = await store.settleInbound({
    inbound_id: inbound.inbound_id,
    outcome: 'interrupted',
    outcome_timestamp: now,
  });
  if (!result.won || inbound.edge !== 'sip') return;
  const budgetRuns = inbound.lease_until - LEASE_MARGIN_MS >= now;
  if (inbound.memo && budgetRuns) sip.refuseAfterCrash(inbound.memo, 500);
  // The 200 may have been on the wire when the process died: a BYE for a call that never was is harmless.
  if (inbound.dialog) sip.endAfterCrash(inbound.dialog);
}

async function end({ store, sip, clock }: RecoverDeps, call: CallRow): Promise<void> {
  if (call.dialog) sip.endAfterCrash(call.dialog);
  await store.updateCall(call.call_id, {
    call_status: 'error',
    disconnection_reason: 'error_retell',
    end_timestamp: clock.wallMs(),
  });
}
