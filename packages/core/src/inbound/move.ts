/** Small steps from which every transition is made. */
import type { AttemptRecord, Issue, Json } from '@pickup/contract';
import type { InboundEffect } from './effect.ts';
import type { InboundPhase, InboundState } from './state.ts';

/** A new state and what to do on the way to it. */
export interface Move {
  readonly state: InboundState;
  readonly effects: readonly InboundEffect[];
}

/** Nothing happens: an event this phase does not expect (M5). */
export function stay(state: InboundState): Move {
  return { state, effects: [] };
}

/** Goes to a phase with these effects. */
export function go(state: InboundState, phase: InboundPhase, ...effects: readonly InboundEffect[]): Move {
  return { state: { ...state, phase }, effects };
}

/** The move with effects put in front of it. */
export function after(effects: readonly InboundEffect[], move: Move): Move {
  return effects.length === 0 ? move : { state: move.state, effects: [...effects, ...move.effects] };
}

/** A step longer than this, in UTF-16 units, is no longer read by a person. */
const LONGEST_STEP = 500;

/** Text cut to what a record holds: names in a reply may be as long as the reply. */
export function cut(text: string, longest = LONGEST_STEP): string {
  return text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text;
}

/** Adds readable steps to the record. */
export function note(state: InboundState, ...steps: readonly string[]): InboundState {
  const told = steps.map((step) => cut(step));
  return { ...state, ledger: { ...state.ledger, steps: [...state.ledger.steps, ...told] } };
}

/** Adds issues to the record; what is told there already, word for word, is not told again. */
export function report(state: InboundState, issues: readonly Issue[]): InboundState {
  const known = new Set(state.ledger.issues.map(wording));
  const fresh = issues.filter((issue) => !known.has(wording(issue)));
  if (fresh.length === 0) return state;
  return { ...state, ledger: { ...state.ledger, issues: [...state.ledger.issues, ...fresh] } };
}

function wording({ pointer, message }: Issue): string {
  return `${pointer} ${message}`;
}

/** Adds an attempt to the record. */
export function withAttempt(state: InboundState, attempt: AttemptRecord): InboundState {
  return { ...state, ledger: { ...state.ledger, attempts: [...state.ledger.attempts, attempt] } };
}

/** Keeps the reply as parsed; a body that is none leaves nothing. */
export function withReply(state: InboundState, reply: Json | undefined): InboundState {
  if (reply === undefined) return state;
  return { ...state, ledger: { ...state.ledger, reply } };
}
