/**
 * A world in virtual time: it carries out the machine's effects against scripted answers and feeds back what comes
 * of them, until the inbound is closed. No timers and no sockets; every story is the same twice.
 */
import type { AttemptError, Issue, Outcome } from '@pickup/contract';
import {
  type AttemptResult,
  begin,
  decide,
  type InboundEffect,
  type InboundEvent,
  type InboundFacts,
  type InboundState,
  type Instant,
  type Move,
  type ResolvedKnowledge,
} from '../src/index.ts';
import { bytes, found } from './builders.ts';

/** How the endpoint treats one attempt; what takes longer than the deadline becomes a time-out there. */
export type Answer =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly afterMs?: number;
      readonly retryAfter?: string;
      readonly truncated?: boolean;
    }
  | { readonly error: AttemptError; readonly afterMs?: number };

export interface Script {
  /** By attempt; the last one repeats. Default: nobody answers. */
  readonly attempts?: readonly Answer[];
  /** Ms after the arrival. */
  readonly hangUpAtMs?: number;
  readonly interruptAtMs?: number;
  /** The loop stands still: what falls due meanwhile is delivered at the end. */
  readonly stall?: { readonly fromMs: number; readonly forMs: number };
  readonly storeFails?: 'open' | 'record_decision' | 'resolve';
  /** Ms each write takes; default 2. */
  readonly storeMs?: number;
  /** Ms the first write takes; default `storeMs`. */
  readonly openMs?: number;
  /** One after the other; the last one repeats. Default taken. */
  readonly slots?: readonly ('taken' | 'full')[];
  readonly resolve?: (effect: Effect<'resolve'>) => ResolvedKnowledge;
  readonly session?: { readonly afterMs?: number; readonly fails?: string; readonly issues?: readonly Issue[] };
  /** A CANCEL was faster than the final answer. */
  readonly cancelledAtAnswer?: boolean;
  /** In [0, 1), by attempt; default 0.5: no jitter. */
  readonly chances?: readonly number[];
}

type Effect<T extends InboundEffect['type']> = InboundEffect & { readonly type: T };
type Fed<T = InboundEvent> = T extends InboundEvent ? Omit<T, 'at'> : never;

/** What happened, with ms after the arrival. */
export interface Story {
  readonly effects: readonly { readonly atMs: number; readonly effect: InboundEffect }[];
  readonly events: readonly { readonly atMs: number; readonly event: InboundEvent }[];
  readonly state: InboundState;
  readonly outcome: Outcome | undefined;
  /** Virtual ms from the arrival to the last event. */
  readonly endedMs: number;
}

/** Plays the inbound to its end; throws after 5,000 events, for then it would not end. */
export function play(facts: InboundFacts, script: Script = {}): Story {
  return new World(facts, script).play();
}

/** Effects of one type, in order. */
export function effectsOf<T extends InboundEffect['type']>(story: Story, type: T): readonly Effect<T>[] {
  return story.effects.flatMap(({ effect }) => (effect.type === type ? [effect as Effect<T>] : []));
}

/** Ms after the arrival at which effects of a type were asked for. */
export function timesOf(story: Story, type: InboundEffect['type']): readonly number[] {
  return story.effects.flatMap(({ atMs, effect }) => (effect.type === type ? [atMs] : []));
}

/** The types of all effects, in order. */
export function order(story: Story): readonly string[] {
  return story.effects.map(({ effect }) => effect.type);
}

class World {
  readonly #facts: InboundFacts;
  readonly #script: Script;
  readonly #queue: { atMs: number; order: number; feed: Fed; attempt?: number }[] = [];
  readonly #effects: { atMs: number; effect: InboundEffect }[] = [];
  readonly #events: { atMs: number; event: InboundEvent }[] = [];
  #nowMs = 0;
  #order = 0;
  #slotAsked = 0;
  #pendingAsk: { readonly attempt: number; readonly startedMs: number } | undefined;

  constructor(facts: InboundFacts, script: Script) {
    this.#facts = facts;
    this.#script = script;
  }

  play(): Story {
    const { hangUpAtMs, interruptAtMs } = this.#script;
    if (hangUpAtMs !== undefined) this.#at(hangUpAtMs, { type: 'caller_gone' });
    if (interruptAtMs !== undefined) this.#at(interruptAtMs, { type: 'interrupted' });
    let state = this.#carryOut(begin(this.#facts));
    for (let steps = 0; this.#queue.length > 0; steps++) {
      if (steps > 5_000) throw new Error('this inbound does not end');
      const next = this.#next();
      this.#nowMs = Math.max(this.#nowMs, this.#unstalled(next.atMs));
      const event = { ...next.feed, at: this.#instant(this.#nowMs) } as InboundEvent;
      this.#events.push({ atMs: this.#nowMs, event });
      state = this.#carryOut(decide(state, event));
    }
    const outcome = state.phase.name === 'closed' ? state.phase.outcome : undefined;
    return { effects: this.#effects, events: this.#events, state, outcome, endedMs: this.#nowMs };
  }

  #next() {
    this.#queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    return this.#queue.shift()!;
  }

  #unstalled(atMs: number): number {
    const { stall } = this.#script;
    return stall && atMs >= stall.fromMs && atMs < stall.fromMs + stall.forMs ? stall.fromMs + stall.forMs : atMs;
  }

  #at(atMs: number, feed: Fed, attempt?: number): void {
    this.#queue.push({ atMs, order: this.#order++, feed, ...(attempt !== undefined && { attempt }) });
  }

  #instant(ms: number): Instant {
    return { monoMs: this.#facts.arrived.monoMs + ms, wallMs: this.#facts.arrived.wallMs + Math.round(ms) };
  }

  #carryOut(move: Move): InboundState {
    for (const effect of move.effects) {
      this.#effects.push({ atMs: this.#nowMs, effect });
      this.#do(effect);
    }
    return move.state;
  }

  #do(effect: InboundEffect): void {
    const storeMs = this.#script.storeMs ?? 2;
    switch (effect.type) {
      case 'open':
        return this.#written('open', 'opened', this.#script.openMs ?? storeMs);
      case 'record_decision':
        return this.#written('record_decision', 'decision_recorded', storeMs);
      case 'take_slot':
        return this.#at(this.#nowMs + storeMs, { type: this.#slot() });
      case 'set_timer':
        return this.#at(effect.at_mono_ms - this.#facts.arrived.monoMs, { type: 'timer', name: effect.name });
      case 'ask':
        return this.#ask(effect);
      case 'abort_attempt':
        return this.#abort();
      case 'resolve':
        return this.#resolve(effect);
      case 'start_session':
        return this.#startSession();
      case 'accept':
      case 'refuse':
        return this.#at(this.#nowMs, { type: this.#script.cancelledAtAnswer ? 'caller_gone' : 'answer_handed' });
    }
  }

  #written(what: 'open' | 'record_decision', done: 'opened' | 'decision_recorded', storeMs: number): void {
    this.#at(this.#nowMs + storeMs, { type: this.#script.storeFails === what ? 'store_failed' : done });
  }

  #resolve(effect: Effect<'resolve'>): void {
    if (this.#script.storeFails === 'resolve') return this.#at(this.#nowMs + 1, { type: 'store_failed' });
    this.#at(this.#nowMs + 1, { type: 'resolved', found: this.#script.resolve?.(effect) ?? found() });
  }

  #slot(): 'slot_taken' | 'slot_full' {
    const slots = this.#script.slots ?? ['taken'];
    const said = slots[Math.min(this.#slotAsked++, slots.length - 1)];
    return said === 'full' ? 'slot_full' : 'slot_taken';
  }

  #startSession(): void {
    const { afterMs = 30, fails, issues = [] } = this.#script.session ?? {};
    this.#at(
      this.#nowMs + afterMs,
      fails === undefined
        ? { type: 'session_ready', issues, runtime: 'scripted' }
        : { type: 'session_failed', message: fails },
    );
  }

  #ask(effect: Effect<'ask'>): void {
    const attempts = this.#script.attempts ?? [{ error: 'timeout', afterMs: Number.POSITIVE_INFINITY }];
    const answer = attempts[Math.min(effect.attempt, attempts.length) - 1]!;
    const startedMs = this.#nowMs;
    const deadlineMs = effect.deadline_mono_ms - this.#facts.arrived.monoMs;
    const endMs = startedMs + (answer.afterMs ?? 20);
    this.#pendingAsk = { attempt: effect.attempt, startedMs };
    this.#attemptEnds(
      endMs > deadlineMs ? { error: 'timeout' } : answer,
      effect.attempt,
      startedMs,
      Math.min(endMs, deadlineMs),
    );
  }

  #attemptEnds(answer: Answer, attempt: number, startedMs: number, endMs: number): void {
    const chance = this.#script.chances?.[attempt - 1] ?? 0.5;
    const result = this.#result(answer, startedMs, endMs);
    this.#at(endMs, { type: 'attempt_ended', attempt, result, chance }, attempt);
  }

  #abort(): void {
    const pending = this.#pendingAsk;
    if (!pending) throw new Error('nothing to abort');
    const index = this.#queue.findIndex(({ attempt }) => attempt === pending.attempt);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#attemptEnds({ error: 'aborted' }, pending.attempt, pending.startedMs, this.#nowMs + 1);
  }

  #result(answer: Answer, startedMs: number, endMs: number): AttemptResult {
    const common = {
      started: this.#instant(startedMs),
      ended: this.#instant(endMs),
      phases: { total_ms: endMs - startedMs },
      resent: false,
    };
    if ('error' in answer) {
      const fault = answer.error === 'aborted' ? 'caller' : 'endpoint';
      return { ...common, received: false, error: answer.error, fault, message: `it ended with ${answer.error}` };
    }
    const { status, body = '', truncated = false, retryAfter } = answer;
    return {
      ...common,
      received: true,
      status,
      body: body instanceof Uint8Array ? body : bytes(body),
      truncated,
      ...(retryAfter !== undefined && { retryAfter }),
    };
  }
}
