/** After a crash: every inbound gets its outcome, every carrier its final answer (H3). */
import type { Log } from '../observe/index.ts';
import type { CallRow, EdgeMemo, OpenInbound, Store } from '../stores/port.ts';
import type { Clock } from './clock.ts';
import { LEASE_MARGIN_MS } from './inbound-rows.ts';

/** What an edge does for calls that a crash cut off. */
export interface CrashedCalls {
  /** One final answer to a call that rang. */
  refuseAfterCrash(memo: EdgeMemo, code: number): void;
  /** BYE to a call that was connected. */
  endAfterCrash(dialog: EdgeMemo): void;
}

/** What a process that died had open. */
export interface LeftOpen {
  readonly inbounds: readonly OpenInbound[];
  readonly calls: readonly CallRow[];
}

/** To be read before any port is open, else calls that come meanwhile are taken for those of before. */
export async function readLeftOpen(store: Store, options: { nodeId: string; clock: Clock }): Promise<LeftOpen> {
  const { nodeId, clock } = options;
  // Texts go on where they were (H3): their jobs are stored.
  const inbounds = (await store.lapsedInbounds(nodeId, clock.wallMs())).filter(({ channel }) => channel === 'call');
  const calls = await store.ongoingCalls(nodeId);
  await store.releaseSlotsOf(nodeId);
  return { inbounds, calls };
}

export interface RecoverDeps {
  readonly store: Store;
  readonly sip: CrashedCalls;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ends what was left open; once carriers can be answered. Does not reject: what cannot be ended is logged. */
export async function recover(left: LeftOpen, deps: RecoverDeps): Promise<void> {
  const { inbounds, calls } = left;
  if (inbounds.length + calls.length === 0) return;
  const ended = await Promise.all([
    ...inbounds.map((inbound) => isDone(deps.log, inbound.inbound_id, settle(deps, inbound))),
    ...calls.map((call) => isDone(deps.log, call.call_id, end(deps, call))),
  ]);
  const failed = ended.filter((done) => !done).length;
  deps.log.warn('recovered', { inbounds: inbounds.length, calls: calls.length, ...(failed > 0 && { failed }) });
}

/** One that fails is logged and stops neither the others nor the start. */
async function isDone(log: Log, id: string, work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    log.error('recover_failed', { id, error });
    return false;
  }
}

const WHAT_HAPPENED =
  'the gateway stopped working before this was decided; settled when it started again → interrupted, SIP 500 (H3)';

async function settle({ store, sip, clock }: RecoverDeps, inbound: OpenInbound): Promise<void> {
  const now = clock.wallMs();
  const result = await store.settleInbound({
    inbound_id: inbound.inbound_id,
    outcome: 'interrupted',
    outcome_timestamp: now,
    // A decision that was written says more; only without one is there nothing to read.
    ...(!inbound.dialog && { steps: [WHAT_HAPPENED] }),
  });
  // A call that came by Twilio came by SIP.
  if (!result.won || inbound.channel !== 'call' || inbound.edge === 'simulator') return;
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
