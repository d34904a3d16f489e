/**
 * An inbound played to its decision without a caller, a record, a slot or a session: the inbound machine itself, with
 * ports instead of a world. What it decides, and the words it says it in, are those of the record.
 */
import type { Issue, Outcome } from '@pickup/contract';
import { begin, decide } from '../inbound/decide.ts';
import type { InboundEffect } from '../inbound/effect.ts';
import type { AttemptResult, InboundEvent, Instant, TimerName } from '../inbound/event.ts';
import type { InboundFacts, ResolvedKnowledge } from '../inbound/facts.ts';
import type { InboundLedger, InboundState } from '../inbound/state.ts';
import type { SessionPlan } from '../session-plan.ts';

/** The machine's wish to have the endpoint asked. */
export type Ask = InboundEffect & { readonly type: 'ask' };
/** The machine's wish to have a target read, without the effect's type. */
export type ResolveTarget = Omit<InboundEffect & { readonly type: 'resolve' }, 'type'>;

/** What the session that would start says: by which runtime, and what it cannot act on (E10); or why it cannot (F4). */
export type RehearsedStart =
  | { readonly ready: true; readonly runtime: string; readonly issues: readonly Issue[] }
  | { readonly ready: false; readonly message: string };

/** What a rehearsal is played with. */
export interface RehearsalPorts {
  readonly clock: {
    monoMs(): number;
    wallMs(): number;
    /** Fires once; the returned function cancels it. */
    after(delayMs: number, fire: () => void): () => void;
  };
  /** In [0, 1): spreads the retries (C3). */
  readonly chance: () => number;
  /**
   * Sends, or answers from memory, and keeps the deadline (C1). Must settle once `signal` is aborted. A rejection is a
   * failed attempt of ours, as it is in the gateway.
   */
  readonly ask: (effect: Ask, signal: AbortSignal) => Promise<AttemptResult>;
  /** One read of an agent and version (E8). A rejection ends the rehearsal with it. */
  readonly resolve: (request: ResolveTarget) => Promise<ResolvedKnowledge>;
  /** Default: a session that starts and can do everything. A rejection ends the rehearsal with it. */
  readonly start?: (plan: SessionPlan) => Promise<RehearsedStart>;
  /** Told of each change, for a live display. */
  readonly onChange?: (state: InboundState) => void;
}

/** What would have become of the inbound. */
export interface Rehearsed {
  readonly outcome: Outcome;
  /** What the connected caller gets. */
  readonly plan?: SessionPlan;
  /** Attempts, issues, steps and reply, as the record would have them. */
  readonly ledger: InboundLedger;
  readonly ended: Instant;
}

/** What may be different from call to call. */
export interface RehearsalOptions {
  /** The caller hangs up that long after the rehearsal began; default: waits for ever. */
  readonly hangUpAfterMs?: number;
}

/** Plays the inbound to its end. Nothing is stored and nobody connected; a slot is always free. */
export function rehearse(
  facts: InboundFacts,
  ports: RehearsalPorts,
  options: RehearsalOptions = {},
): Promise<Rehearsed> {
  return new Promise((resolve, reject) => new Rehearsal(facts, ports, { resolve, reject }).start(options));
}

/** The name a session goes by where `start` does not say. */
const NO_RUNTIME = 'rehearsed';

/** An event without its instant, which is the moment it is fed. */
type Fed<T = InboundEvent> = T extends InboundEvent ? Omit<T, 'at'> : never;

interface Ending {
  readonly resolve: (rehearsed: Rehearsed) => void;
  readonly reject: (error: unknown) => void;
}

/** One rehearsal: events are taken one after the other, also those that are raised while an effect is done. */
class Rehearsal {
  readonly #ports: RehearsalPorts;
  readonly #ending: Ending;
  readonly #timers = new Map<TimerName | 'hang_up', () => void>();
  readonly #queue: Fed[] = [];
  readonly #first: readonly InboundEffect[];
  #state: InboundState;
  #busy = false;
  #over = false;
  #attempt: AbortController | undefined;

  constructor(facts: InboundFacts, ports: RehearsalPorts, ending: Ending) {
    this.#ports = ports;
    this.#ending = ending;
    const { state, effects } = begin(facts);
    this.#state = state;
    this.#first = effects;
  }

  start({ hangUpAfterMs }: RehearsalOptions): void {
    if (hangUpAfterMs !== undefined) this.#setTimer('hang_up', hangUpAfterMs, { type: 'caller_gone' });
    this.#guarded(() => this.#carryOut(this.#first));
    this.#drain();
  }

  #now(): Instant {
    return { monoMs: this.#ports.clock.monoMs(), wallMs: this.#ports.clock.wallMs() };
  }

  #feed(event: Fed): void {
    if (this.#over) return;
    this.#queue.push(event);
    if (!this.#busy) this.#drain();
  }

  #drain(): void {
    this.#guarded(() => {
      for (let next = this.#queue.shift(); next && !this.#over; next = this.#queue.shift()) {
        const move = decide(this.#state, { ...next, at: this.#now() } as InboundEvent);
        this.#state = move.state;
        this.#carryOut(move.effects);
      }
    });
  }

  #guarded(work: () => void): void {
    if (this.#over) return;
    this.#busy = true;
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
    this.#busy = false;
  }

  #carryOut(effects: readonly InboundEffect[]): void {
    this.#ports.onChange?.(this.#state);
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: InboundEffect): void {
    switch (effect.type) {
      case 'open':
        return this.#feed({ type: 'opened' });
      case 'take_slot':
        return this.#feed({ type: 'slot_taken' });
      case 'ask':
        return this.#ask(effect);
      case 'abort_attempt':
        return this.#attempt?.abort();
      case 'set_timer': {
        const event = { type: 'timer', name: effect.name } as const;
        return this.#setTimer(effect.name, effect.at_mono_ms - this.#ports.clock.monoMs(), event);
      }
      case 'resolve': {
        const { type: _type, ...request } = effect;
        return this.#whenDone(this.#ports.resolve(request), (found) => ({ type: 'resolved', found }));
      }
      case 'start_session':
        return this.#startSession(effect.plan);
      case 'record_decision':
        return this.#feed({ type: 'decision_recorded' });
      case 'accept':
      case 'refuse':
        return this.#feed({ type: 'answer_handed' });
      case 'settle':
        return this.#settle(effect);
      // Nobody hears it ring, nothing is kept, nothing was taken.
      case 'ring':
      case 'release_slot':
      case 'discard_session':
      case 'record_attempt':
      case 'record_late':
        return;
    }
  }

  #ask(effect: Ask): void {
    const aborter = new AbortController();
    this.#attempt = aborter;
    const started = this.#now();
    const send = async () => this.#ports.ask(effect, aborter.signal);
    const answered = send().catch((): AttemptResult => {
      const failed = { error: 'internal_error', fault: 'gateway', message: 'an internal error' } as const;
      return { started, ended: this.#now(), phases: { total_ms: 0 }, resent: false, received: false, ...failed };
    });
    this.#whenDone(answered, (result) => {
      if (this.#attempt === aborter) this.#attempt = undefined;
      return { type: 'attempt_ended', attempt: effect.attempt, result, chance: this.#ports.chance() };
    });
  }

  #startSession(plan: SessionPlan): void {
    const { start } = this.#ports;
    if (!start) return this.#feed({ type: 'session_ready', issues: [], runtime: NO_RUNTIME });
    this.#whenDone(start(plan), (started) =>
      started.ready
        ? { type: 'session_ready', issues: started.issues, runtime: started.runtime }
        : { type: 'session_failed', message: started.message },
    );
  }

  #whenDone<T>(work: Promise<T>, event: (result: T) => Fed): void {
    work.then((result) => this.#feed(event(result))).catch((error) => this.#fail(error));
  }

  #setTimer(name: TimerName | 'hang_up', delayMs: number, event: Fed): void {
    this.#timers.get(name)?.();
    const cancel = this.#ports.clock.after(Math.max(0, delayMs), () => this.#feed(event));
    this.#timers.set(name, cancel);
  }

  #settle({ outcome, plan, ledger }: InboundEffect & { readonly type: 'settle' }): void {
    if (!this.#end()) return;
    this.#ending.resolve({ outcome, ...(plan && { plan }), ledger, ended: this.#now() });
  }

  #fail(error: unknown): void {
    if (!this.#end()) return;
    this.#attempt?.abort();
    this.#ending.reject(error);
  }

  /** False where it had ended before. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    for (const cancel of this.#timers.values()) cancel();
    return true;
  }
}
