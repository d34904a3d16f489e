/**
 * Decides who answers a text: carries out the machine's effects one after the other. What must outlive the process is
 * stored first: the number of an attempt before its request goes out (C8), the plan before its session is begun. The
 * outcome, the chat, the answer and its parts are one commit.
 */
import type { InboundObject, SimulatedFault } from '@pickup/contract';
import {
  begin,
  decide,
  type GatewaySettings,
  type InboundEffect,
  type InboundEvent,
  type InboundState,
  type Instant,
  packProgress,
  resume,
  type SessionPlan,
  unpackFacts,
  unpackProgress,
} from '@pickup/core';
import type { BeginOptions, BegunChat } from '../chats/chat-port.ts';
import { judgeStart } from '../chats/judge-start.ts';
import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import { liveInboundObject } from '../runners/inbound-object.ts';
import { TOLD } from '../runners/inbound-run.ts';
import { logOutcome } from '../runners/log-outcome.ts';
import type { EventHook, Store, TextRun, TextSettlement, WaitingText } from '../stores/port.ts';
import type { FaultySender } from '../webhook/faulty-sender.ts';
import type { WebhookSender } from '../webhook/sender.ts';
import { AgentNotReady, LostToAnother } from './faults.ts';
import { pause } from './pause.ts';
import { contentOf, stillbornChat, textDecisionRow } from './text-rows.ts';

export interface TextDecisionDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly sender: WebhookSender;
  /** A sender with this fault in between, for simulated texts. */
  readonly startFaultySender?: (fault: SimulatedFault) => Promise<FaultySender | undefined>;
  readonly chats: { beginChat(plan: SessionPlan, options?: BeginOptions): Promise<BegunChat> };
  readonly gateway: () => GatewaySettings;
  /** Where the events of a chat go that never began: by its agent's saved settings. */
  readonly savedEventHook?: (agentId: string, version: number) => Promise<EventHook | undefined>;
  /** Told of each change while it is undecided; absent: nobody. */
  readonly feed?: Pick<InboundFeed, 'changed'>;
  readonly nodeId: string;
  /** Parts are being stored: the job that sends them is to be taken by the same commit. */
  readonly takeAlong: () => void;
  readonly log: Log;
}

type Effect<T extends InboundEffect['type']> = InboundEffect & { readonly type: T };
/** An event without its instant, which is the moment it is fed. */
type Fed<T = InboundEvent> = T extends InboundEvent ? Omit<T, 'at'> : never;

/** How long a model or a server of the agent may be away before the text is given up (G). */
const AGENT_LIMIT_MS = 3_600_000;

export class TextDecision {
  readonly #deps: TextDecisionDeps;
  readonly #pair: string;
  readonly #text: WaitingText;
  readonly #storedAt: number;
  #state: InboundState;
  #version: number;
  #begun: (BegunChat & { readonly kind: 'begun' }) | undefined;
  #settle: Effect<'settle'> | undefined;
  #laterAt: number | undefined;
  #faulty: FaultySender | undefined;

  constructor(
    deps: TextDecisionDeps,
    given: { readonly run: TextRun; readonly pair: string; readonly text: WaitingText },
  ) {
    const { run, pair, text } = given;
    this.#deps = deps;
    this.#pair = pair;
    this.#text = text;
    const facts = unpackFacts(run.facts, deps.gateway());
    this.#state = run.progress ? unpackProgress(facts, run.progress) : begin(facts).state;
    this.#storedAt = run.progress_timestamp ?? facts.arrived.wallMs;
    this.#version = run.version;
  }

  /** The record as it stands. */
  object(): InboundObject {
    return liveInboundObject(this.#state, []);
  }

  /** Epoch ms at which it is to be looked at again; undefined once the outcome is durable. */
  async run(signal: AbortSignal): Promise<number | undefined> {
    try {
      return await this.#toTheEnd(signal);
    } catch (error) {
      if (this.#state.holds_slot) await this.#releaseSlot();
      throw error;
    } finally {
      await this.#faulty?.close();
    }
  }

  async #toTheEnd(signal: AbortSignal): Promise<number | undefined> {
    const chance = this.#deps.random();
    let move = resume(this.#state, { stored_wall_ms: this.#storedAt, at: this.#now(), chance });
    for (;;) {
      this.#state = move.state;
      let event: Fed | undefined;
      for (const effect of move.effects) event = (await this.#do(effect, signal)) ?? event;
      if (this.#laterAt !== undefined) return this.#laterAt;
      if (this.#settle) return this.#end(this.#settle);
      signal.throwIfAborted();
      if (event === undefined) throw new Error(`The inbound of a text stands still while ${this.#state.phase.name}.`);
      move = decide(this.#state, { ...event, at: this.#now() } as InboundEvent);
      if (TOLD.has(event.type)) this.#deps.feed?.changed(() => liveInboundObject(move.state, []));
    }
  }

  #now(): Instant {
    return { monoMs: this.#deps.clock.monoMs(), wallMs: this.#deps.clock.wallMs() };
  }

  get #id(): string {
    return this.#state.facts.inbound_id;
  }

  async #do(effect: InboundEffect, signal: AbortSignal): Promise<Fed | undefined> {
    switch (effect.type) {
      case 'take_slot':
        return this.#takeSlot(effect);
      case 'release_slot':
        await this.#releaseSlot();
        return undefined;
      case 'ask':
        return this.#ask(effect, signal);
      case 'set_timer':
        return this.#timer(effect, signal);
      case 'resolve': {
        const { type: _type, ...request } = effect;
        return { type: 'resolved', found: await this.#deps.store.resolveTarget(request) };
      }
      case 'start_session':
        return this.#startSession(effect.plan, signal);
      case 'record_attempt':
        this.#recordAttempt();
        return undefined;
      // One commit holds the decision and the outcome.
      case 'record_decision':
        return { type: 'decision_recorded' };
      case 'accept':
      case 'refuse':
        return { type: 'answer_handed' };
      case 'settle':
        this.#settle = effect;
        return undefined;
      default:
        return undefined;
    }
  }

  async #takeSlot({ limit, endpoint }: Effect<'take_slot'>): Promise<Fed> {
    const { store, nodeId } = this.#deps;
    const slot = { inbound_id: this.#id, node_id: nodeId, limit, ...(endpoint !== undefined && { endpoint }) };
    return { type: (await store.takeSlot(slot)) === 'taken' ? 'slot_taken' : 'slot_full' };
  }

  async #releaseSlot(): Promise<void> {
    const { store, log } = this.#deps;
    await store
      .releaseSlot(this.#id)
      .catch((error) => log.error('write_failed', { what: 'release_slot', id: this.#id, error: String(error) }));
  }

  /** S15: whoever cannot store where it is has lost the inbound to another. */
  async #save(): Promise<void> {
    const { store, clock } = this.#deps;
    const saved = await store.recordTextProgress(this.#id, this.#version, packProgress(this.#state), clock.wallMs());
    if (!saved) throw new LostToAnother(`inbound ${this.#id}`);
    this.#version += 1;
  }

  async #ask(effect: Effect<'ask'>, signal: AbortSignal): Promise<Fed> {
    await this.#save();
    const sender = (await this.#senderWithFault(effect.attempt)) ?? this.#deps.sender;
    const result = await sender.send(this.#id, effect, signal);
    signal.throwIfAborted();
    return { type: 'attempt_ended', attempt: effect.attempt, result, chance: this.#deps.random() };
  }

  /** Undefined where nothing is simulated, or no more: attempts of before a restart count. */
  async #senderWithFault(attempt: number): Promise<FaultySender | undefined> {
    const { simulated_fault: fault } = this.#text;
    const left = (fault?.attempts ?? Number.POSITIVE_INFINITY) - (attempt - 1);
    if (!fault || this.#faulty || left <= 0) return this.#faulty;
    const met = fault.attempts === undefined ? fault : { ...fault, attempts: left };
    this.#faulty = await this.#deps.startFaultySender?.(met);
    return this.#faulty;
  }

  async #timer({ name, at_mono_ms }: Effect<'set_timer'>, signal: AbortSignal): Promise<Fed | undefined> {
    const waitMs = at_mono_ms - this.#deps.clock.monoMs();
    if (name === 'slot_poll') {
      // Thousands may wait for a slot, for an hour: none of them holds a place among the jobs meanwhile.
      await this.#save();
      this.#laterAt = this.#deps.clock.wallMs() + Math.max(0, waitMs);
      return undefined;
    }
    await pause(this.#deps.clock, waitMs, signal);
    return { type: 'timer', name };
  }

  async #startSession(plan: SessionPlan, signal: AbortSignal): Promise<Fed> {
    await this.#save();
    const { facts } = this.#state;
    const begun = await this.#deps.chats.beginChat(plan, {
      first_text: { text_id: this.#text.text_id, content: contentOf(this.#text) },
      chat_type: 'sms_chat',
      from_number: facts.from_number,
      to_number: facts.to_number,
      signal,
    });
    signal.throwIfAborted();
    if (begun.kind === 'failed') {
      const isOld = this.#deps.clock.wallMs() - facts.arrived.wallMs >= AGENT_LIMIT_MS;
      if (begun.retry && !isOld) throw new AgentNotReady(begun.reason);
      return { type: 'session_failed', message: begun.reason };
    }
    const speaks = begun.messages.some(({ role }) => role === 'agent');
    const start = judgeStart(plan, { missing: begun.missing, speaks });
    if (!start.ready) return { type: 'session_failed', message: start.message };
    this.#begun = begun;
    return { type: 'session_ready', issues: start.issues, runtime: start.runtime };
  }

  #recordAttempt(): void {
    const { store, log } = this.#deps;
    const attempt = this.#state.ledger.attempts.at(-1);
    if (!attempt) return;
    store.recordAttempt(this.#id, attempt).catch((error) => {
      log.error('write_failed', { what: 'record_attempt', id: this.#id, error: String(error) });
    });
  }

  async #end(settle: Effect<'settle'>): Promise<undefined> {
    const { store, clock, takeAlong, log } = this.#deps;
    const at = clock.wallMs();
    const { facts } = this.#state;
    const chat = await this.#chatOf(settle, at);
    const settling = store.settleTextInbound({
      pair: this.#pair,
      decision: textDecisionRow(this.#state, settle, { text: this.#text, at }),
      settlement: { inbound_id: facts.inbound_id, outcome: settle.outcome, outcome_timestamp: at },
      ...(chat && { chat }),
      silent: settle.outcome !== 'connected',
    });
    takeAlong();
    if (!(await settling).won) throw new LostToAnother(`inbound ${facts.inbound_id}`);
    logOutcome(log, this.#state, clock.monoMs());
    return undefined;
  }

  async #chatOf({ outcome, stillborn }: Effect<'settle'>, at: number): Promise<TextSettlement['chat']> {
    if (outcome === 'connected' && this.#begun) {
      const { chat, plan, messages } = this.#begun;
      return { chat, plan: plan as unknown as NonNullable<TextSettlement['chat']>['plan'], messages };
    }
    if (!stillborn) return undefined;
    const eventHook = await this.#deps.savedEventHook?.(stillborn.agent_id, stillborn.agent_version);
    return { chat: stillbornChat(this.#state.facts, stillborn, { at, eventHook }), plan: {}, messages: [] };
  }
}
