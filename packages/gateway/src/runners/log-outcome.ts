/** One wide event per inbound. */
import type { InboundState } from '@pickup/core';
import type { Log } from '../observe/index.ts';

/** `nowMonoMs` is when its record was complete. */
export function logOutcome(log: Log, { facts, ledger, phase }: InboundState, nowMonoMs: number): void {
  log.info('inbound_ended', {
    inbound_id: facts.inbound_id,
    edge: facts.edge,
    outcome: phase.name === 'closed' ? phase.outcome : null,
    attempts: ledger.attempts.length,
    issues: ledger.issues.length,
    ring_ms: Math.round(nowMonoMs - facts.arrived.monoMs),
    'pii.from_number': facts.from_number,
    'pii.to_number': facts.to_number,
  });
}
