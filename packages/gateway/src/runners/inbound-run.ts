/**
 * One inbound being carried out: effects of the pure machine are done, what comes of them is fed back.
 * It decides nothing. Events are taken one after the other, also those raised while an effect is done.
 * A fault of ours ends this inbound and no other, with 500, and is recorded as ours.
 */
import type { InboundObject } from '@pickup/contract';
import {
  type AttemptResult,
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
import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { Log } from '../observe/index.ts';
import type { AgentRuntime, PreparedSession } from '../sessions/port.ts';
import { type CallRow, type EventHook, type InboundSettlement, type Store, StoreUnavailable } from '../stores/port.ts';
import type { WebhookSender } from '../webhook/sender.ts';
import type { Clock } from './clock.ts';
import { liveInboundObject } from './inbound-object.ts';
import { arrivalRow, brokenOffRow, decisionRow, FAULT_ANSWER, settlementRow } from './inbound-rows.ts';
import type { CallLeg, ConnectedLeg } from './leg.ts';
import { logOutcome } from './log-outcome.ts';
import type { SessionRunner } from './session-runner.ts';
import { startSession } from './start-session.ts';
import { Timers } from './timers.ts';
import type { Unrecorded } from './unrecorded.ts';
import { untilStored } from './until-stored.ts';

export interface InboundRunDeps {
  /** Where the events of a session go; absent: nowhere. */
  readonly eventHook?: (plan: SessionPlan) => EventHook | undefined;
  /** The same of a call that never had a session: by its agent's saved settings. */
  readonly savedEventHook?: (agentId: string, version: number) => Promise<EventHook | undefined>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly store: Store;
  readonly sender: WebhookSender;
  readonly runtime: AgentRuntime;
  readonly sessions: SessionRunner;
  readonly unrecorded: Unrecorded;
  /** Told of each change while it is undecided; absent: nobody. */
  readonly feed?: Pick<InboundFeed, 'changed'>;
  readonly nodeId: string;
  readonly log: Log;
}

/** After these a record says more than before; its end is told by the store. */
export const TOLD: ReadonlySet<InboundEvent['type']> = new Set(['opened', 'attempt_ended', 'decision_recorded']);

type Effect<T extends InboundEffect['type']> = InboundEffect & { readonly type: T };
/** An event without its instant, which is the moment it is fed. */
type Fed<T = InboundEvent> = T extends InboundEvent ? Omit<T, 'at'> : never;

export class InboundRun {
  readonly #deps: InboundRunDeps;
  readonly #leg: CallLeg;
  readonly #closed: (id: string) => void;
  readonly #timers: Timers<TimerName>;
  readonly #queue: Fed[] = [];
  #state: InboundState;
  #first: readonly InboundEffect[];
  #busy = false;
  #openFailed = false;
  #over = false;
  #attempt: AbortController | undefined;
  #giveUpSession = () => {};
  #prepared: PreparedSession | undefined;
  #connected: ConnectedLeg | undefined;

  constructor(deps: InboundRunDeps, facts: InboundFacts, leg: CallLeg, closed: (id: string) => void) {
    this.#deps = deps;
    this.#leg = leg;
    this.#closed = closed;
    this.#timers = new Timers(deps.clock);
    const first = begin(facts);
    this.#state = first.state;
    this.#first = first.effects;
  }

  /** Carries out the first effects; the caller may already be gone. */
  start(): void {
    this.#guarded(() => {
      for (const effect of this.#first) this.#do(effect);
      this.#first = [];
      this.#leg.onCallerGone(() => this.#feed({ type: 'caller_gone' }));
    });
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
    if (this.#over) return;
    this.#queue.push(event);
    if (!this.#busy) this.#drain();
  }

  #drain(): void {
    this.#guarded(() => {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        const move = decide(this.#state, { ...next, at: this.#now() } as InboundEvent);
        this.#state = move.state;
        for (const effect of move.effects) this.#do(effect);
        if (TOLD.has(next.type)) this.#deps.feed?.changed(() => this.object());
      }
    });
  }

  #guarded(work: () => void): void {
    this.#busy = true;
    try {
      work();
    } catch (error) {
      this.#breakOff(error);
    }
    this.#busy = false;
  }

  /** A bug: nothing more is decided. The caller is told, what is held is let go, the record says whose fault it was. */
  #breakOff(error: unknown): void {
    this.#over = true;
    this.#queue.length = 0;
    this.#bug('inbound', error);
    const { facts, holds_slot } = this.#state;
    this.#attempt?.abort();
    for (const letGo of [
      () => this.#discardSession(),
      () => (this.#connected ? this.#connected.hangUp() : this.#leg.refuse(FAULT_ANSWER)),
    ]) {
      try {
        letGo();
      } catch (again) {
        this.#bug('break_off', again);
      }
    }
    if (holds_slot) this.#releaseSlot();
    if (facts.entry.kind === 'registered') this.#releaseCall();
    const settlement = brokenOffRow(this.#state, this.#deps.clock.wallMs());
    this.#stored('settle', () => this.#deps.store.settleInbound(settlement)).finally(() => this.#end());
  }

  #bug(what: string, error: unknown): void {
    this.#deps.log.error('bug', { what, id: this.#id, error });
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
        return this.#releaseSlot();
      case 'ask':
        return this.#ask(effect);
      case 'abort_attempt':
        return this.#attempt?.abort();
      case 'set_timer':
        return this.#timers.set(effect.name, effect.at_mono_ms, () => this.#feed({ type: 'timer', name: effect.name }));
      case 'resolve':
        return this.#resolve(effect);
      case 'start_session':
        return this.#startSession(effect.plan);
      case 'discard_session':
        return this.#discardSession();
      case 'record_attempt':
      case 'record_late':
        return this.#recordAttempt();
      case 'record_decision':
        return this.#recordDecision(effect);
      case 'accept':
        return this.#accept(effect.plan);
      case 'refuse':
        return this.#feed({ type: this.#leg.refuse(effect.answer) ? 'answer_handed' : 'caller_gone' });
      case 'settle':
        return this.#settle(effect);
    }
  }

  #open(): void {
    const opened = this.#deps.store.openInbound(arrivalRow(this.#state, this.#leg, this.#deps.nodeId));
    opened.then(
      ({ opened: ours }) => (ours ? this.#feed({ type: 'opened' }) : this.#guarded(() => this.#duplicate())),
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
    if (!(error instanceof StoreUnavailable)) this.#bug(what, error);
    this.#feed({ type: 'store_failed' });
  }

  #takeSlot({ limit, endpoint }: Effect<'take_slot'>): void {
    const slot = { inbound_id: this.#id, node_id: this.#deps.nodeId, limit };
    this.#deps.store.takeSlot({ ...slot, ...(endpoint !== undefined && { endpoint }) }).then(
      (answer) => {
        if (this.#over && answer === 'taken') return this.#releaseSlot();
        this.#feed({ type: answer === 'taken' ? 'slot_taken' : 'slot_full' });
      },
      (error) => this.#storeFailed('take_slot', error),
    );
  }

  #ask(effect: Effect<'ask'>): void {
    const aborter = new AbortController();
    this.#attempt = aborter;
    const started = this.#now();
    const send = async () => this.#deps.sender.send(this.#id, effect, aborter.signal);
    send()
      .catch((error): AttemptResult => {
        this.#bug('send', error);
        const failed = { error: 'internal_error', fault: 'gateway', message: 'an internal error' } as const;
        return { started, ended: this.#now(), phases: { total_ms: 0 }, resent: false, received: false, ...failed };
      })
      .then((result) => {
        if (this.#attempt === aborter) this.#attempt = undefined;
        this.#feed({ type: 'attempt_ended', attempt: effect.attempt, result, chance: this.#deps.random() });
      });
  }

  #resolve(effect: Effect<'resolve'>): void {
    const { type: _type, ...request } = effect;
    this.#deps.store.resolveTarget(request).then(
      (found) => this.#feed({ type: 'resolved', found }),
      (error) => this.#storeFailed('resolve', error),
    );
  }

  #startSession(plan: SessionPlan): void {
    const sound = this.#leg.edge !== 'simulator';
    this.#giveUpSession = startSession(this.#deps, { plan, sound }, (started) => {
      if (!started.ready) return this.#feed({ type: 'session_failed', message: started.message });
      this.#prepared = started.session;
      this.#feed({ type: 'session_ready', issues: started.issues, runtime: this.#deps.runtime.name });
    });
  }

  #discardSession(): void {
    this.#giveUpSession();
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
      eventHook: effect.plan && this.#deps.eventHook?.(effect.plan),
    });
    if (effect.outcome !== 'connected' && this.#state.facts.entry.kind === 'registered') this.#releaseCall();
    if (this.#openFailed) {
      this.#keepUnrecorded(settlement);
      return this.#end();
    }
    let call = settlement.call;
    let whenStored = () => {};
    const stored = new Promise<void>((resolve) => (whenStored = resolve));
    if (effect.plan && this.#connected && this.#prepared && call) {
      const holdsSlot = this.#state.holds_slot;
      if (holdsSlot) this.#unwaited('connect_slot', () => this.#deps.store.connectSlot(this.#id));
      const { sessions } = this.#deps;
      call = sessions.begin({ call, prepared: this.#prepared, leg: this.#connected, holdsSlot, stored });
    }
    const hooked = async () => (effect.stillborn && call ? this.#withHook(call) : call);
    this.#stored('settle', async () => {
      const row = await hooked();
      return this.#deps.store.settleInbound({ ...settlement, ...(row && { call: row }) });
    })
      .then((result) => {
        // The caller hung up while the arrival was being refused by a full disk.
        if (result?.won === false && result.outcome === null) this.#keepUnrecorded(settlement);
      })
      .finally(() => {
        whenStored();
        this.#end();
      });
  }

  async #withHook(call: CallRow): Promise<CallRow> {
    const event_hook = await this.#deps.savedEventHook?.(call.agent_id, call.agent_version);
    return event_hook ? { ...call, event_hook } : call;
  }

  #releaseSlot(): void {
    this.#unwaited('release_slot', () => this.#deps.store.releaseSlot(this.#id));
  }

  /** The registration may be dialled again (A3). */
  #releaseCall(): void {
    const { session_id } = this.#state.facts;
    this.#unwaited('release_call', () => this.#deps.store.releaseRegisteredCall(session_id, this.#id));
  }

  /** The store could not take the arrival, so there is nothing yet that could be settled. */
  #keepUnrecorded(settlement: InboundSettlement): void {
    const { dedupe_key: _key, memo: _memo, ...arrival } = arrivalRow(this.#state, this.#leg, this.#deps.nodeId);
    const { outcome, outcome_timestamp } = settlement;
    this.#deps.unrecorded.keep({ object: { ...this.object(), outcome, outcome_timestamp }, arrival, settlement });
  }

  #stored<T>(what: string, write: () => Promise<T>): Promise<T | undefined> {
    return untilStored(write, { clock: this.#deps.clock, log: this.#deps.log, what, id: this.#id });
  }

  #unwaited(what: string, write: () => Promise<unknown>): void {
    void this.#stored(what, write);
  }

  #end(): void {
    this.#timers.clear();
    logOutcome(this.#deps.log, this.#state, this.#deps.clock.monoMs());
    this.#leg.done();
    this.#closed(this.#id);
  }
}
