/**
 * Chats: begins them, answers messages, ends them. A chat lives in the store and nowhere else: between two messages
 * nothing of it is held here but a copy of its plan, so it goes on after a restart, on any node.
 *
 * K1 What was answered is durable: a completion is acknowledged once its messages are stored.
 * K2 Messages of one chat are taken one after the other; of two at once the second sees what came of the first (S7).
 * K3 A chat silent for `end_chat_after_silence_ms` takes no more messages, be it swept yet or not.
 */
import type { JsonObject } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import {
  type AdvanceResult,
  type ChatAdvance,
  type ChatEnd,
  type ChatMessage,
  type ChatRow,
  type EventHook,
  type Store,
  StoreUnavailable,
  type WholeChat,
} from '../stores/port.ts';
import {
  answerChat,
  type ChatMoment,
  type ChatTalk,
  type ChatTurn,
  closingLine,
  openChat,
  talkOf,
} from './chat-talk.ts';

export type ChatAnswer =
  /** The agent's new messages. */
  | { readonly kind: 'answered'; readonly messages: readonly ChatMessage[] }
  | { readonly kind: 'unknown' | 'over' }
  /** Nothing was stored; `reason` names what is missing. */
  | { readonly kind: 'cannot_answer'; readonly reason: string };

export interface ChatRunner {
  /** `missing`: why the chat will have no answers, where that is so. */
  start(plan: SessionPlan): Promise<WholeChat & { readonly missing?: string }>;
  answer(chatId: string, content: string): Promise<ChatAnswer>;
  /** Also true where it was over already. */
  end(chatId: string): Promise<boolean>;
  /** Ends the chats that have been silent for too long; says how many. */
  endSilent(): Promise<number>;
}

export interface ChatRunnerDeps {
  readonly store: Pick<Store, 'advanceChat' | 'createChat' | 'getChat' | 'getChatPlan' | 'silentChats'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly newId: () => string;
  /** Where the chat's events go; undefined: nowhere. */
  readonly eventHook: (plan: SessionPlan) => EventHook | undefined;
  /** Runs tasks of one key one after the other. */
  readonly inTurn: <T>(key: string, task: () => Promise<T>) => Promise<T>;
  readonly log: Log;
}

interface Session {
  readonly plan: SessionPlan;
  readonly talk: ChatTalk;
}

const SILENCE_MS = { least: 120_000, most: 259_200_000, otherwise: 3_600_000 };
/** Plans kept at hand; a flow may have hundreds of kilobytes. */
const MOST_SESSIONS = 200;
/** Silent chats ended at once. */
const SWEEP_SIZE = 200;
/** Other nodes may take turns too; each of ours that is behind means that one of theirs went through. */
const MOST_TRIES = 100;

export function createChatRunner(deps: ChatRunnerDeps): ChatRunner {
  return new Runner(deps);
}

class Runner implements ChatRunner {
  readonly #deps: ChatRunnerDeps;
  /** By chat id, the one used last at the end. */
  readonly #sessions = new Map<string, Session>();

  constructor(deps: ChatRunnerDeps) {
    this.#deps = deps;
  }

  async start(plan: SessionPlan) {
    const { store, clock, eventHook } = this.#deps;
    const now = clock.wallMs();
    const talk = talkOf(plan.engine);
    const turn = openChat(talk, { plan, now, startedAt: now });
    const hook = eventHook(plan);
    const chat = newChat(plan, turn, { now, ...(hook && { hook }) });
    const messages = turn.said.map((content) => this.#message('agent', content, now));
    await store.createChat(chat, plan as unknown as JsonObject, messages);
    if (chat.chat_status === 'ongoing') this.#remember(chat.chat_id, { plan, talk });
    const kept = chat.data_storage_setting === 'basic_attributes_only' ? [] : messages;
    return { chat, messages: kept, ...(talk.kind === 'first_line' && { missing: talk.needs }) };
  }

  answer(chatId: string, content: string): Promise<ChatAnswer> {
    return this.#tryInTurn(chatId, () => this.#answerOnce(chatId, content));
  }

  end(chatId: string): Promise<boolean> {
    return this.#tryInTurn(chatId, async () => {
      const chat = await this.#deps.store.getChat(chatId);
      if (chat === undefined) return false;
      if (chat.chat_status !== 'ongoing') return true;
      const result = await this.#finish(chat, { reason: 'manual_stopped', why: 'ended by the API', said: [] });
      return result.advanced || (result.why === 'behind' ? undefined : result.why === 'over');
    });
  }

  async endSilent(): Promise<number> {
    const { store, clock } = this.#deps;
    for (let ended = 0; ; ) {
      const silent = await store.silentChats(clock.wallMs(), SWEEP_SIZE);
      // Together, so that they share commits.
      const done = (await Promise.all(silent.map(({ chat_id }) => this.#sweep(chat_id)))).filter(Boolean).length;
      ended += done;
      if (silent.length < SWEEP_SIZE || done === 0) return ended;
    }
  }

  /** One that cannot be ended is logged and must not keep the others. */
  async #sweep(chatId: string): Promise<boolean> {
    const { store, inTurn, log } = this.#deps;
    try {
      return await inTurn(chatId, async () => {
        const chat = await store.getChat(chatId);
        return chat !== undefined && this.#isSilent(chat) && (await this.#endSilentOne(chat));
      });
    } catch (error) {
      log.error('chat_end_failed', { chat_id: chatId, error: String(error) });
      return false;
    }
  }

  /** Again while `once` says undefined: somebody else took the turn. */
  #tryInTurn<T>(chatId: string, once: () => Promise<T | undefined>): Promise<T> {
    return this.#deps.inTurn(chatId, async () => {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const result = await once();
        if (result !== undefined) return result;
      }
      throw new StoreUnavailable(`Chat ${chatId} is being advanced too fast.`);
    });
  }

  async #answerOnce(chatId: string, content: string): Promise<ChatAnswer | undefined> {
    const { store, clock } = this.#deps;
    const chat = await store.getChat(chatId);
    if (chat === undefined) return { kind: 'unknown' };
    if (chat.chat_status !== 'ongoing') return { kind: 'over' };
    if (this.#isSilent(chat)) {
      await this.#endSilentOne(chat);
      return undefined;
    }
    const session = await this.#session(chat);
    // It ended since it was read.
    if (session === undefined) return undefined;
    const { talk } = session;
    if (talk.kind !== 'flow') return { kind: 'cannot_answer', reason: talk.needs };
    const now = clock.wallMs();
    const turn = answerChat(talk.graph, chat.state ?? {}, content, momentOf(chat, session, now));
    const messages = turn.said.map((said) => this.#message('agent', said, now));
    const result = await this.#advance(chat, {
      chat_id: chatId,
      from_turn: chat.turn,
      messages: [this.#message('user', content, now), ...messages],
      state: turn.state,
      expires_timestamp: now + silenceOf(session.plan),
      ...(turn.ended !== undefined && { end: endOf(turn, now) }),
    });
    if (result.advanced) {
      if (turn.ended !== undefined) this.#over(result.chat, turn.ended);
      return { kind: 'answered', messages };
    }
    return result.why === 'behind' ? undefined : { kind: result.why };
  }

  #isSilent(chat: ChatRow): boolean {
    return chat.chat_status === 'ongoing' && chat.expires_timestamp <= this.#deps.clock.wallMs();
  }

  async #endSilentOne(chat: ChatRow): Promise<boolean> {
    const session = await this.#session(chat);
    const line = session && closingLine(momentOf(chat, session, this.#deps.clock.wallMs()));
    const said = line === undefined ? [] : [line];
    return (await this.#finish(chat, { reason: 'inactivity', why: 'silent for too long', said })).advanced;
  }

  async #finish(chat: ChatRow, given: { reason: string; why: string; said: readonly string[] }) {
    const now = this.#deps.clock.wallMs();
    const collected = chat.state?.['variables'] as Readonly<Record<string, string>> | undefined;
    const result = await this.#advance(chat, {
      chat_id: chat.chat_id,
      from_turn: chat.turn,
      messages: given.said.map((content) => this.#message('agent', content, now)),
      end: {
        chat_status: 'ended',
        end_timestamp: now,
        disconnection_reason: given.reason,
        ...(collected && { collected_dynamic_variables: collected }),
      },
    });
    if (result.advanced) this.#over(result.chat, given.why);
    return result;
  }

  async #advance(chat: ChatRow, advance: ChatAdvance): Promise<AdvanceResult> {
    const result = await this.#deps.store.advanceChat(advance);
    if (!result.advanced && result.why !== 'behind') this.#sessions.delete(chat.chat_id);
    return result;
  }

  #over(chat: ChatRow, why: string): void {
    this.#sessions.delete(chat.chat_id);
    const { chat_id, agent_id, turn, duration_ms, disconnection_reason } = chat;
    this.#deps.log.info('chat_ended', { chat_id, agent_id, turns: turn, duration_ms, disconnection_reason, why });
  }

  async #session({ chat_id }: ChatRow): Promise<Session | undefined> {
    const kept = this.#sessions.get(chat_id);
    if (kept) {
      this.#remember(chat_id, kept);
      return kept;
    }
    const plan = (await this.#deps.store.getChatPlan(chat_id)) as unknown as SessionPlan | undefined;
    if (plan === undefined) return undefined;
    const session = { plan, talk: talkOf(plan.engine) };
    this.#remember(chat_id, session);
    return session;
  }

  #remember(chatId: string, session: Session): void {
    this.#sessions.delete(chatId);
    this.#sessions.set(chatId, session);
    if (this.#sessions.size <= MOST_SESSIONS) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }

  #message(role: ChatMessage['role'], content: string, now: number): ChatMessage {
    return { message_id: this.#deps.newId(), role, content, created_timestamp: now };
  }
}

/** The chat's own variables over those it began with. */
function momentOf(chat: ChatRow, { plan }: Session, now: number): ChatMoment {
  const variables = { ...plan.variables, ...chat.override_dynamic_variables };
  return { plan: { ...plan, variables }, now, startedAt: chat.start_timestamp };
}

function newChat(plan: SessionPlan, turn: ChatTurn, given: { now: number; hook?: EventHook }): ChatRow {
  const { now, hook } = given;
  const storage = plan.agent['data_storage_setting'];
  const basic = storage === 'basic_attributes_only';
  const end = turn.ended === undefined ? undefined : endOf(turn, now);
  const { collected_dynamic_variables: collected, ...ended } = end ?? {};
  return {
    chat_id: plan.session_id,
    chat_type: 'api_chat',
    chat_status: 'ongoing',
    agent_id: plan.agent_id,
    agent_version: plan.agent_version,
    ...(plan.agent_tag !== undefined && { agent_tag: plan.agent_tag }),
    ...(!basic && plan.metadata && { metadata: plan.metadata }),
    ...(!basic && { retell_llm_dynamic_variables: plan.dynamic_variables }),
    ...(!basic && collected && { collected_dynamic_variables: collected }),
    data_storage_setting: typeof storage === 'string' ? storage : 'everything',
    start_timestamp: now,
    ...(hook && { event_hook: hook }),
    turn: 0,
    ...(end ? { ...ended, duration_ms: 0 } : { state: turn.state }),
    expires_timestamp: now + silenceOf(plan),
  };
}

function endOf({ collected }: ChatTurn, now: number): ChatEnd {
  return {
    chat_status: 'ended',
    end_timestamp: now,
    disconnection_reason: 'agent_hangup',
    collected_dynamic_variables: collected,
  };
}

/** `end_chat_after_silence_ms`, 2 minutes to 72 hours; default an hour. */
function silenceOf({ agent }: SessionPlan): number {
  const set = agent['end_chat_after_silence_ms'];
  if (typeof set !== 'number') return SILENCE_MS.otherwise;
  return Math.min(SILENCE_MS.most, Math.max(SILENCE_MS.least, set));
}
