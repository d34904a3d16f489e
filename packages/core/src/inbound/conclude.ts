/** The ends of an inbound: a verdict is recorded, then answered, then settled (H2, M3). */
import type { Refusal } from '@pickup/contract';
import type { InboundEffect, RefusalAnswer, StillbornSession } from './effect.ts';
import type { Instant } from './event.ts';
import { after, go, type Move, note } from './move.ts';
import { refusalAnswer, stillbornOfConcurrency } from './refusal.ts';
import type { InboundState, Verdict } from './state.ts';

/** The verdict for an outcome by which a caller is turned away. */
export function refusal(
  state: InboundState,
  outcome: Refusal | 'interrupted',
  stillborn?: StillbornSession,
): Verdict & { readonly kind: 'refuse' } {
  const answer = refusalAnswer(state.facts, outcome);
  const left = stillborn ?? (outcome === 'concurrency_limit' ? stillbornOfConcurrency(state.facts, answer) : undefined);
  return { kind: 'refuse', answer, ...(left && { stillborn: left }) };
}

/** Turns the caller away, with the step that says why. */
export function refuse(state: InboundState, outcome: Refusal | 'interrupted', why: string): Move {
  const verdict = refusal(state, outcome);
  return record(note(state, `${why} → ${outcome}, ${heard(state, verdict.answer)}`), verdict);
}

/** What whoever is turned away gets to hear (G): texts get silence. */
export function heard({ facts }: InboundState, answer: RefusalAnswer): string {
  return facts.channel === 'sms' ? 'silence' : `SIP ${answer.code}`;
}

/** Asks for the decision to be made durable; the answer follows when it is (H2). */
export function record(state: InboundState, verdict: Verdict): Move {
  const intended = verdict.kind === 'connect' ? 'connected' : verdict.answer.outcome;
  const plan = verdict.kind === 'connect' ? { plan: verdict.plan } : {};
  return go(state, { name: 'recording', verdict }, { type: 'record_decision', intended, ...plan });
}

/** Hands the verdict to the edge. */
export function answer(state: InboundState, verdict: Verdict, durable: boolean): Move {
  const effect: InboundEffect =
    verdict.kind === 'connect' ? { type: 'accept', plan: verdict.plan } : { type: 'refuse', answer: verdict.answer };
  return go(state, { name: 'answering', verdict, durable }, effect);
}

/** The final answer is out: the outcome is what was decided. */
export function settleVerdict(state: InboundState, verdict: Verdict, durable: boolean): Move {
  if (verdict.kind === 'connect') {
    const { plan } = verdict;
    const settle: InboundEffect = {
      type: 'settle',
      outcome: 'connected',
      plan,
      ledger: state.ledger,
      rewrite: !durable,
    };
    // A chat holds no slot: only its decision did.
    if (state.facts.channel === 'sms' && state.holds_slot) {
      const closed = go({ ...state, holds_slot: false }, { name: 'closed', outcome: 'connected' }, settle);
      return after([{ type: 'release_slot' }], closed);
    }
    return go(state, { name: 'closed', outcome: 'connected' }, settle);
  }
  const { outcome } = verdict.answer;
  const settle: InboundEffect = {
    type: 'settle',
    outcome,
    ...(verdict.stillborn && { stillborn: verdict.stillborn }),
    ledger: state.ledger,
    rewrite: !durable,
  };
  return after(freed(state), go(emptied(state), { name: 'closed', outcome }, settle));
}

/** The caller hung up before the 200 was handed to the transport: 487, whatever was decided (C6). */
export function abandon(state: InboundState, at: Instant): Move {
  const rang = ((at.monoMs - state.facts.arrived.monoMs) / 1_000).toFixed(1);
  const told = note(state, `the caller hung up after ${rang} s → caller_abandoned, SIP 487`);
  const settle: InboundEffect = { type: 'settle', outcome: 'caller_abandoned', ledger: told.ledger, rewrite: true };
  return after(freed(state), go(emptied(told), { name: 'closed', outcome: 'caller_abandoned' }, settle));
}

/** What a caller who is not connected must not go on holding. */
export function freed(state: InboundState): readonly InboundEffect[] {
  return [
    ...(state.session_started ? [{ type: 'discard_session' } as const] : []),
    ...(state.holds_slot ? [{ type: 'release_slot' } as const] : []),
  ];
}

/** The state after `freed`. */
export function emptied(state: InboundState): InboundState {
  return { ...state, session_started: false, holds_slot: false };
}
