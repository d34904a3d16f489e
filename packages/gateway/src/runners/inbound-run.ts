/**
 * One inbound being carried out: effects of the pure machine are done, what comes of them is fed back.
 * It decides nothing. Events are taken one after the other, also those raised while an effect is done.
 */
import type { InboundObject } from '@pickup/contract';
import {
  begin,
  decide,
  type InboundEffect,
  type InboundEvent,
  type InboundFacts,
  type InboundState,
  type Instant,
  type SessionPlan,
  type TimerName,
} from '@pickup/core';
import type { Log } from '../observe/index.ts';
import { notApplied } from '../sessions/not-applied.ts';
import type { AgentRuntime, PreparedSession } from '../sessions/port.ts';
import { type InboundSettlement, type Store, StoreUnavailable } from '../stores/port.ts';
import type { WebhookSender } from '../webhook/sender.ts';
import type { Clock } from './clock.ts';
import { liveInboundObject } from './inbound-object.ts';
import { arrivalRow, decisionRow, settlementRow } from './inbound-rows.ts';
import type { CallLeg, ConnectedLeg } from './leg.ts';
import type { SessionRunner } from './session-runner.ts';
import type { Unrecorded } from './unrecorded.ts';
import { untilStored } from './until-stored.ts';

export interface InboundRunDeps {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly store: Store;
  readonly sender: WebhookSender;
  readonly runtime: AgentRuntime;
  readonly sessions: SessionRunner;
  readonly unrecorded: Unrecorded;
  readonly nodeId: string;
  readonly log: Log;
}

type Effect<T extends InboundEffect['type']> = InboundEffect & { readonly type: T };
/** An event without its instant, which is the moment it is fed. */
type Fed<T = InboundEvent> = T extends InboundEvent ? Omit<T, 'at'> : never;

/** Runtime start, at most (F4). */
const START_LIMIT_MS = 2_000;

export class InboundRun {
  readonly #deps: InboundRunDeps;
  readonly #leg: CallLeg;
  readonly #closed: (id: string) => void;
  readonly #timers = new Map<TimerName, () => void>();
  readonly #queue: Fed[] = [];
  #state: InboundState;
  #first: readonly InboundEffect[];
  #busy = false;
  #openFailed = false;
  #attempt: AbortController | undefined;
  #starting: AbortController | undefined;
  #prepared: PreparedSession | undefined;
  #connected: ConnectedLeg | undefined;

  constructor(deps: InboundRunDeps, facts: InboundFacts, leg: CallLeg, closed: (id: string) => void) {
    this.#deps = deps;
    this.#leg = leg;
    this.#closed = closed;
    const first = begin(facts);
    this.#state = first.state;
    this.#first = first.effects;
  }

  /** Carries out the first effects; the caller may already be gone. */
  start(): void {
    this.#busy = true;
    for (const effect of this.#first) this.#do(effect);
    this.#first = [];
    this.#busy = false;
    this.#leg.onCallerGone(() => this.#feed({ type: 'caller_gone' }));
    this.#drain();
  }

  /** The process stops at once (H5). */
  interrupt(): void {
    this.#feed({ type: 'interrupted' });
  }

  /** The record as it stands. */
  object(): InboundObject {
    return liveInboundObject(this.#state, this.#leg.trace());
  }

  get #id(): string {
    return this.#state.facts.inbound_id;
  }

  #now(): Instant {
    return { monoMs: this.#deps.clock.monoMs(), wallMs: this.#deps.clock.wallMs() };
  }

  #feed(event: Fed): void {
    this.#queue.push(event);
    if (!this.#busy) this.#drain();
  }

  #drain(): void {
    this.#busy = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const move = decide(this.#state, { ...next, at: this.#now() } as InboundEvent);
      this.#state = move.state;
      for (const effect of move.effects) this.#do(effect);
    }
    this.#busy = false;
  }

  #do(effect: InboundEffect): void {
    switch (effect.type) {
      case 'open':
        return this.#open();
      case 'ring':
        return this.#leg.ring();
      case 'take_slot':
        return this.#takeSlot(effect);
      case 'release_slot':
        return this.#unwaited('release_slot', () => this.#deps.store.releaseSlot(this.#id));
      case 'ask':
        return this.#ask(effect);
      case 'abort_attempt':
        return this.#attempt?.abort();
      case 'set_timer':
        return this.#setTimer(effect.name, effect.at_mono_ms);
      case 'resolve':
        return this.#resolve(effect);
      case 'start_session':
        return this.#startSession(effect.plan);
      case 'discard_session':
        return this.#discardSession();
      case 'record_attempt':
        return this.#recordAttempt();
      case 'record_decision':
        return this.#recordDecision(effect);
      case 'accept':
        return this.#accept(effect.plan);
      case 'refuse':
        return this.#feed({ type: this.#leg.refuse(effect.answer) ? 'answer_handed' : 'caller_gone' });
      case 'settle':
        return this.#settle(effect);
      case 'record_late':
        return this.#recordAttempt();
    }
  }

  #open(): void {
    const opened = this.#deps.store.openInbound(arrivalRow(this.#state, this.#leg, this.#deps.nodeId));
    opened.then(
      ({ opened: ours }) => (ours ? this.#feed({ type: 'opened' }) : this.#duplicate()),
      (error) => {
        this.#openFailed = true;
        this.#storeFailed('open', error);
      },
    );
  }

  /** Another inbound already stands for this INVITE (H3): it is that one's to answer. */
  #duplicate(): void {
    this.#deps.log.warn('duplicate_inbound', { inbound_id: this.#id });
    this.#leg.refuse({ outcome: 'overloaded', code: 482, named: false });
    this.#end();
  }

  #storeFailed(what: string, error: unknown): void {
    this.#deps.log.error('write_failed', { what, id: this.#id, error: String(error) });
    if (!(error instanceof StoreUnavailable)) this.#deps.log.error('bug', { what, error: errorText(error) });
    this.#feed({ type: 'store_failed' });
  }

  #takeSlot(effect: Effect<'take_slot'>): void {
    const { limit, endpoint } = effect;
    this.#deps.store
      .takeSlot({
        inbound_id: this.#id,
        node_id: this.#deps.nodeId,
        limit,
        ...(endpoint !== undefined && { endpoint }),
      })
      .then(
        (answer) => this.#feed({ type: answer === 'taken' ? 'slot_taken' : 'slot_full' }),
        () => this.#feed({ type: 'slot_full' }),
      );
  }

  #ask(effect: Effect<'ask'>): void {
    const aborter = new AbortController();
    this.#attempt = aborter;
    this.#deps.sender.send(this.#id, effect, aborter.signal).then((result) => {
      if (this.#attempt === aborter) this.#attempt = undefined;
      this.#feed({ type: 'attempt_ended', attempt: effect.attempt, result, chance: this.#deps.random() });
    });
  }

  #setTimer(name: TimerName, atMonoMs: number): void {
    this.#timers.get(name)?.();
    const cancel = this.#deps.clock.after(atMonoMs - this.#deps.clock.monoMs(), () =>
      this.#feed({ type: 'timer', name }),
    );
    this.#timers.set(name, cancel);
  }

  #resolve(effect: Effect<'resolve'>): void {
    const { type: _type, ...request } = effect;
    this.#deps.store.resolveTarget(request).then(
      (found) => this.#feed({ type: 'resolved', found }),
      (error) => {
        this.#deps.log.error('bug', { what: 'resolve', error: errorText(error) });
        const message = 'the target could not be read';
        this.#feed({ type: 'resolved', found: { found: false, missing: 'agent', message } });
      },
    );
  }

  #startSession(plan: SessionPlan): void {
    const aborter = new AbortController();
    this.#starting = aborter;
    const { runtime, clock } = this.#deps;
    const cancelLimit = clock.after(START_LIMIT_MS, () => {
      aborter.abort();
      this.#feed({ type: 'session_failed', message: 'it was not ready within 2 s' });
    });
    runtime.prepare(plan, { sound: this.#leg.edge !== 'simulator', signal: aborter.signal }).then(
      (result) => {
        cancelLimit();
        if (aborter.signal.aborted) return result.ready ? result.session.close() : undefined;
        if (!result.ready) return this.#feed({ type: 'session_failed', message: result.message });
        this.#prepared = result.session;
        this.#feed({ type: 'session_ready', issues: notApplied(plan, runtime.honours(plan)), runtime: runtime.name });
      },
      (error) => {
        cancelLimit();
        if (aborter.signal.aborted) return;
        this.#deps.log.error('bug', { what: 'prepare', error: errorText(error) });
        this.#feed({ type: 'session_failed', message: 'an internal error' });
      },
    );
  }

  #discardSession(): void {
    this.#starting?.abort();
    this.#prepared?.close();
    this.#prepared = undefined;
  }

  #recordAttempt(): void {
    const attempt = this.#state.ledger.attempts.at(-1);
    if (attempt) this.#unwaited('record_attempt', () => this.#deps.store.recordAttempt(this.#id, attempt));
  }

  #recordDecision(effect: Effect<'record_decision'>): void {
    this.#deps.store.recordDecision(decisionRow(this.#state, effect, this.#leg, this.#deps.clock.wallMs())).then(
      () => this.#feed({ type: 'decision_recorded' }),
      (error) => this.#storeFailed('record_decision', error),
    );
  }

  #accept(plan: SessionPlan): void {
    this.#connected = this.#leg.accept(plan);
    this.#feed({ type: this.#connected ? 'answer_handed' : 'caller_gone' });
  }

  #settle(effect: Effect<'settle'>): void {
    const at = this.#deps.clock.wallMs();
    const settlement = settlementRow(this.#state, effect, {
      leg: this.#leg,
      connected: this.#connected,
      nodeId: this.#deps.nodeId,
      at,
    });
    let { call } = settlement;
    const connected = effect.plan && this.#connected;
    const holdsSlot = this.#state.holds_slot;
    if (connected && this.#prepared && call) {
      if (holdsSlot) this.#unwaited('connect_slot', () => this.#deps.store.connectSlot(this.#id));
      call = this.#deps.sessions.begin({ call, prepared: this.#prepared, leg: connected, holdsSlot });
    } else if (this.#state.facts.entry.kind === 'registered') {
      const { session_id } = this.#state.facts;
      this.#unwaited('release_call', () => this.#deps.store.releaseRegisteredCall(session_id, this.#id));
    }
    if (this.#openFailed) return this.#keepUnrecorded(settlement);
    untilStored(() => this.#deps.store.settleInbound({ ...settlement, ...(call && { call }) }), {
      clock: this.#deps.clock,
      log: this.#deps.log,
      what: 'settle',
      id: this.#id,
    }).finally(() => this.#end());
  }

  /** The store could not take the arrival, so there is nothing yet that could be settled. */
  #keepUnrecorded(settlement: InboundSettlement): void {
    const { dedupe_key: _key, memo: _memo, ...arrival } = arrivalRow(this.#state, this.#leg, this.#deps.nodeId);
    const { outcome, outcome_timestamp } = settlement;
    this.#deps.unrecorded.keep({ object: { ...this.object(), outcome, outcome_timestamp }, arrival, settlement });
    this.#end();
  }

  #unwaited(what: string, write: () => Promise<unknown>): void {
    untilStored(write, { clock: this.#deps.clock, log: this.#deps.log, what, id: this.#id });
  }

  #end(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#logOutcome();
    this.#leg.done();
    this.#closed(this.#id);
  }

  /** One wide event per inbound. */
  #logOutcome(): void {
    const { facts, ledger, phase } = this.#state;
    this.#deps.log.info('inbound_ended', {
      inbound_id: facts.inbound_id,
      edge: facts.edge,
      outcome: phase.name === 'closed' ? phase.outcome : null,
      attempts: ledger.attempts.length,
      issues: ledger.issues.length,
      ring_ms: Math.round(this.#deps.clock.monoMs() - facts.arrived.monoMs),
      'pii.from_number': facts.from_number,
      'pii.to_number': facts.to_number,
    });
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
