/**
 * A text's inbound outlives the process: what is stored of it, and how it goes on (C8, H3). Its facts are stored with
 * the text, its progress before each attempt and before its session is begun.
 */
import type { AttemptRecord, JsonObject } from '@pickup/contract';
import { goOnAfter } from './ask.ts';
import { onOpened, takeSlot } from './decide.ts';
import type { Instant } from './event.ts';
import type { GatewaySettings, InboundFacts, ResolvedKnowledge } from './facts.ts';
import { go, type Move, note, stay, withAttempt } from './move.ts';
import type { InboundState } from './state.ts';

/** The facts as JSON, without what the gateway itself brings. */
export function packFacts({ gateway: _gateway, ...facts }: InboundFacts): JsonObject {
  return { ...facts, entry: withResolved(facts.entry, packed) } as unknown as JsonObject;
}

/** The facts of `packFacts`, under the gateway's settings of now. */
export function unpackFacts(stored: JsonObject, gateway: GatewaySettings): InboundFacts {
  const facts = stored as unknown as Omit<InboundFacts, 'gateway'>;
  return { ...facts, entry: withResolved(facts.entry, unpacked), gateway };
}

function withResolved<T extends InboundFacts['entry']>(entry: T, map: (one: ResolvedKnowledge) => unknown): T {
  if (entry.kind === 'registered') return { ...entry, resolved: map(entry.resolved) };
  if (entry.kind !== 'number' || !entry.drawn) return entry;
  return { ...entry, drawn: { ...entry.drawn, resolved: map(entry.drawn.resolved) } };
}

function packed(one: ResolvedKnowledge): unknown {
  return one.found ? { ...one, knowledge_bases: [...one.knowledge_bases] } : one;
}

function unpacked(one: ResolvedKnowledge): ResolvedKnowledge {
  return one.found ? { ...one, knowledge_bases: new Set(one.knowledge_bases) } : one;
}

/** Where it was, as JSON, beside its facts. */
export function packProgress({ facts: _facts, ...progress }: InboundState): JsonObject {
  return progress as unknown as JsonObject;
}

/** The state of then. */
export function unpackProgress(facts: InboundFacts, progress: JsonObject): InboundState {
  return { ...(progress as unknown as Omit<InboundState, 'facts'>), facts };
}

/**
 * Goes on from a stored state. `stored_wall_ms` is when it was stored. The attempt that was under way counts as made,
 * so none is ever added (C8); monotonic times are moved to the clock of now.
 */
export function resume(
  stored: InboundState,
  given: { readonly stored_wall_ms: number; readonly at: Instant; readonly chance: number },
): Move {
  const { at } = given;
  const state = moved(stored, at);
  const { phase } = state;
  switch (phase.name) {
    case 'opening':
      return onOpened(state, at);
    case 'waiting_for_slot':
      return takeSlot(state);
    case 'asking':
      return onLostAttempt(state, phase.attempt, given);
    case 'backing_off': {
      const said = (what: string) => `the gateway was stopped before the next attempt${what}`;
      const startedMonoMs = state.chain_started_mono_ms ?? at.monoMs;
      return goOnAfter(state, { attempt: phase.next_attempt - 1, startedMonoMs, said, chance: given.chance, at });
    }
    case 'starting':
      return go({ ...state, session_started: true }, phase, { type: 'start_session', plan: phase.plan });
    default:
      return stay(state);
  }
}

function onLostAttempt(
  state: InboundState,
  attempt: number,
  { stored_wall_ms, at, chance }: { readonly stored_wall_ms: number; readonly at: Instant; readonly chance: number },
): Move {
  const message = 'the gateway was stopped while it waited for the reply';
  const spent = Math.max(0, at.wallMs - stored_wall_ms);
  const lost: AttemptRecord = {
    attempt,
    start_timestamp: stored_wall_ms,
    end_timestamp: stored_wall_ms + spent,
    phases: { total_ms: spent },
    error: 'internal_error',
    fault: 'gateway',
    message,
    verdict: 'failed',
  };
  const said = (what: string) => `attempt ${attempt}: ${message}${what} (C8)`;
  return goOnAfter(withAttempt(state, lost), { attempt, startedMonoMs: at.monoMs - spent, said, chance, at });
}

/** What was held is given back by then, and the clock of then stands still: durations count on by wall time. */
function moved(stored: InboundState, at: Instant): InboundState {
  const { facts, chain_started_mono_ms: chain, admitted_mono_ms: admitted, phase } = stored;
  const arrivedMonoMs = at.monoMs - Math.max(0, at.wallMs - facts.arrived.wallMs);
  const by = arrivedMonoMs - facts.arrived.monoMs;
  const state: InboundState = {
    ...stored,
    facts: { ...facts, arrived: { ...facts.arrived, monoMs: arrivedMonoMs } },
    ...(chain !== undefined && { chain_started_mono_ms: chain + by }),
    ...(admitted !== undefined && { admitted_mono_ms: admitted + by }),
    ...(phase.name === 'waiting_for_slot' && { phase: { ...phase, until_mono_ms: phase.until_mono_ms + by } }),
    holds_slot: false,
    session_started: false,
  };
  return phase.name === 'opening' ? state : note(state, 'goes on where it was stored');
}
