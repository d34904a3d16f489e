/**
 * Chats: begins them, answers messages, ends them. A chat lives in the store and nowhere else: between two messages
 * nothing of it is held here but a copy of its plan, so it goes on after a restart, on any node.
 *
 * K1 What was answered is durable: a completion is acknowledged once its messages are stored.
 * K2 Messages of one chat are taken one after the other; of two at once the second sees what came of the first (S7).
 * K3 A chat silent for `end_chat_after_silence_ms` takes no more messages, be it swept yet or not.
 * K4 A turn whose model, tool or server fails stores nothing: the message can be sent again.
 * K5 A text that was answered is not answered again: its id is stored with the answer.
 */
import type { JsonObject } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import {
  type AdvanceResult,
  type ChatAdvance,
  type ChatMessage,
  type ChatRow,
  type EventHook,
  type Store,
  StoreUnavailable,
} from '../stores/port.ts';
import type { AnswerOptions, BeginOptions, BegunChat, ChatAnswer, ChatRunner } from './chat-port.ts';
import {
  endOf,
  messagesAfter,
  messagesOf,
  momentOf,
  newChat,
  rememberText,
  silenceOf,
  textIdsIn,
  userMessage,
} from './chat-rows.ts';
import { closingLine } from './chat-talk.ts';
import { talkerOf } from './pick-talker.ts';
import { BEGINNING, type ChatTalker, type ChatTurn, type TurnResult } from './talker.ts';

export interface ChatRunnerDeps {
  readonly store: Pick<
    Store,
    'advanceChat' | 'createChat' | 'getChat' | 'getChatPlan' | 'getWholeChat' | 'silentChats'
  >;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly newId: () => string;
  /** Where the chat's events go; undefined: nowhere. */
  readonly eventHook: (plan: SessionPlan) => EventHook | undefined;
  /** Runs tasks of one key one after the other. */
  readonly inTurn: <T>(key: string, task: () => Promise<T>) => Promise<T>;
  readonly log: Log;
  /** How a plan's agent talks. Default: without a model. */
  readonly talkerOf?: (plan: SessionPlan) => ChatTalker;
  /** How a chat of this plan is analysed once it is over; undefined: it is not. */
  readonly analysisTask?: (plan: SessionPlan) => JsonObject | undefined;
}

interface Session {
  readonly plan: SessionPlan;
  readonly talker: ChatTalker;
}

/** Plans kept at hand; a flow may have hundreds of kilobytes. */
const MOST_SESSIONS = 200;
/** Silent chats ended at once. */
const SWEEP_SIZE = 200;
/** Other nodes may take turns too; each of ours that is behind means that one of theirs went through. */
const MOST_TRIES = { cheap: 100, costly: 5 };

export function createChatRunner(deps: ChatRunnerDeps): ChatRunner {
  return new Runner(deps);
}

class Runner implements ChatRunner {
  readonly #deps: ChatRunnerDeps;
  readonly #talkerOf: (plan: SessionPlan) => ChatTalker;
  readonly #turns = new Set<AbortController>();
  #stopped = false;
  /** By chat id, the one used last at the end. */
  readonly #sessions = new Map<string, Session>();

  constructor(deps: ChatRunnerDeps) {
    this.#deps = deps;
    this.#talkerOf = deps.talkerOf ?? ((plan) => talkerOf(plan));
  }

  async beginChat(plan: SessionPlan, options: BeginOptions = {}): Promise<BegunChat> {
    const { clock, eventHook } = this.#deps;
    const { first_text: first, signal, chat_type = 'api_chat', from_number, to_number } = options;
    const now = clock.wallMs();
    const talker = this.#talkerOf(plan);
    const opened = await this.#within(signal, (within) =>
      talker.open({ plan, now, startedAt: now, turn: BEGINNING }, within, first && 'a_message'),
    );
    if (!opened.ok) return { kind: 'failed', reason: opened.reason, retry: opened.retry };
    let turn = opened.turn;
    const messages = [...this.#messages(turn, now)];
    if (first && turn.ended === undefined) {
      const at = clock.wallMs();
      messages.push(userMessage(first.content, first.text_id, at));
      if (talker.missing === undefined) {
        const moment = { plan: turn.plan ?? plan, now: at, startedAt: now, turn: BEGINNING };
        const answered = await this.#follow(turn, first.content, moment, signal);
        if (!answered.ok) return { kind: 'failed', reason: answered.reason, retry: answered.retry };
        turn = {
          ...answered.turn,
          ...((answered.turn.plan ?? turn.plan) && { plan: answered.turn.plan ?? turn.plan! }),
        };
        messages.push(...this.#messages(answered.turn, clock.wallMs()));
      }
    }
    const parties = { chat_type, ...(from_number && { from_number }), ...(to_number && { to_number }) };
    const kept = { ...turn, state: rememberText(turn.state, undefined, first?.text_id) };
    const analysis = turn.ended === undefined ? {} : this.#analysis(turn.plan ?? plan);
    const chat = newChat(plan, kept, { now, parties, hook: eventHook(plan), ...analysis });
    const missing = talker.missing === undefined ? {} : { missing: talker.missing };
    return { kind: 'begun', chat, plan: turn.plan ?? plan, messages, ...missing };
  }

  async start(plan: SessionPlan, options: BeginOptions = {}): Promise<BegunChat> {
    const begun = await this.beginChat(plan, options);
    if (begun.kind === 'failed') return begun;
    const { chat, messages } = begun;
    await this.#deps.store.createChat(chat, begun.plan as unknown as JsonObject, messages);
    return { ...begun, messages: chat.data_storage_setting === 'basic_attributes_only' ? [] : messages };
  }

  answer(chatId: string, content: string, options: AnswerOptions = {}): Promise<ChatAnswer> {
    return this.#tryInTurn(chatId, () => this.#answerOnce(chatId, content, options));
  }

  end(chatId: string, reason = 'manual_stopped'): Promise<boolean> {
    return this.#tryInTurn(chatId, async () => {
      const chat = await this.#deps.store.getChat(chatId);
      if (chat === undefined) return false;
      if (chat.chat_status !== 'ongoing') return true;
      const result = await this.#finish(chat, { reason, why: 'ended from outside', said: [] });
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

  stop(): void {
    this.#stopped = true;
    for (const turn of this.#turns) turn.abort();
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
      for (let tries = 0; tries < this.#triesFor(chatId); tries++) {
        const result = await once();
        if (result !== undefined) return result;
      }
      throw new StoreUnavailable(`Chat ${chatId} is being advanced too fast.`);
    });
  }

  #triesFor(chatId: string): number {
    return this.#sessions.get(chatId)?.talker.costly ? MOST_TRIES.costly : MOST_TRIES.cheap;
  }

  async #answerOnce(chatId: string, content: string, options: AnswerOptions): Promise<ChatAnswer | undefined> {
    const { store } = this.#deps;
    const chat = await store.getChat(chatId);
    if (chat === undefined) return { kind: 'unknown' };
    const repeated = options.text_id === undefined ? undefined : await this.#answeredBefore(chat, options.text_id);
    if (repeated) return repeated;
    if (chat.chat_status !== 'ongoing') return { kind: 'over' };
    if (this.#isSilent(chat)) {
      await this.#endSilentOne(chat);
      return undefined;
    }
    const session = await this.#session(chat);
    // It ended since it was read.
    if (session === undefined) return undefined;
    const { talker, plan } = session;
    if (talker.missing !== undefined) return { kind: 'cannot_answer', reason: talker.missing };
    const moment = momentOf(chat, plan, this.#deps.clock.wallMs());
    const result = await this.#within(options.signal, (within) =>
      talker.answer(chat.state ?? {}, content, moment, within),
    );
    if (!result.ok) return { kind: 'failed', reason: result.reason, retry: result.retry };
    return this.#keep(chat, session, result.turn, { content, textId: options.text_id, askedAt: moment.now });
  }

  /** Stores a turn; undefined where somebody else took it. */
  async #keep(
    chat: ChatRow,
    session: Session,
    turn: ChatTurn,
    given: { readonly content: string; readonly textId: string | undefined; readonly askedAt: number },
  ): Promise<ChatAnswer | undefined> {
    const now = this.#deps.clock.wallMs();
    const messages = this.#messages(turn, now);
    const user = userMessage(given.content, given.textId ?? this.#deps.newId(), given.askedAt);
    const result = await this.#advance(chat, {
      chat_id: chat.chat_id,
      from_turn: chat.turn,
      messages: [user, ...messages],
      state: rememberText(turn.state, chat.state, given.textId),
      expires_timestamp: now + silenceOf(turn.plan ?? session.plan),
      ...(turn.plan && { plan: turn.plan as unknown as JsonObject }),
      ...(turn.ended !== undefined && { end: { ...endOf(turn, now), ...this.#analysis(turn.plan ?? session.plan) } }),
    });
    if (!result.advanced) return result.why === 'behind' ? undefined : { kind: result.why };
    if (turn.ended !== undefined) this.#over(result.chat, turn.ended);
    else if (turn.plan) this.#sessions.delete(chat.chat_id);
    return { kind: 'answered', messages, chat: result.chat };
  }

  /** K5. */
  async #answeredBefore(chat: ChatRow, textId: string): Promise<ChatAnswer | undefined> {
    const isOver = chat.chat_status !== 'ongoing';
    if (!isOver && !textIdsIn(chat.state).includes(textId)) return undefined;
    const whole = await this.#deps.store.getWholeChat(chat.chat_id);
    const messages = whole && messagesAfter(whole.messages, textId);
    if (messages === undefined && isOver) return undefined;
    return { kind: 'answered', messages: messages ?? [], chat, repeated: true };
  }

  /** The answer to the text that began the chat. */
  #follow(
    turn: ChatTurn,
    content: string,
    moment: Parameters<ChatTalker['answer']>[2],
    signal: AbortSignal | undefined,
  ): Promise<TurnResult> {
    const talker = this.#talkerOf(moment.plan);
    // A flow that needs no model begins with the first text; what it says first is its answer.
    if (!talker.costly && turn.entries.length > 0) return Promise.resolve({ ok: true, turn: { ...turn, entries: [] } });
    return this.#within(signal, (within) => talker.answer(turn.state, content, moment, within));
  }

  #isSilent(chat: ChatRow): boolean {
    return chat.chat_status === 'ongoing' && chat.expires_timestamp <= this.#deps.clock.wallMs();
  }

  async #endSilentOne(chat: ChatRow): Promise<boolean> {
    const session = await this.#session(chat);
    const line = session && closingLine(momentOf(chat, session.plan, this.#deps.clock.wallMs()));
    const said = line === undefined ? [] : [line];
    return (await this.#finish(chat, { reason: 'inactivity', why: 'silent for too long', said })).advanced;
  }

  async #finish(chat: ChatRow, given: { reason: string; why: string; said: readonly string[] }) {
    const { newId, clock } = this.#deps;
    const session = await this.#session(chat);
    const now = clock.wallMs();
    const collected = chat.state?.['variables'] as Readonly<Record<string, string>> | undefined;
    const entries = given.said.map((content) => ({ role: 'agent' as const, content }));
    const result = await this.#advance(chat, {
      chat_id: chat.chat_id,
      from_turn: chat.turn,
      messages: messagesOf(entries, { newId, now }),
      end: {
        chat_status: 'ended',
        end_timestamp: now,
        disconnection_reason: given.reason,
        ...(collected && { collected_dynamic_variables: collected }),
        ...(session && this.#analysis(session.plan)),
      },
    });
    if (result.advanced) this.#over(result.chat, given.why);
    return result;
  }

  async #advance(chat: ChatRow, advance: ChatAdvance): Promise<AdvanceResult> {
    const result = await this.#deps.store.advanceChat(advance);
    if (!result.advanced) this.#sessions.delete(chat.chat_id);
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
    const session = { plan, talker: this.#talkerOf(plan) };
    // What is missing may be there the next time.
    if (session.talker.missing === undefined) this.#remember(chat_id, session);
    return session;
  }

  #remember(chatId: string, session: Session): void {
    this.#sessions.delete(chatId);
    this.#sessions.set(chatId, session);
    if (this.#sessions.size <= MOST_SESSIONS) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }

  #messages(turn: ChatTurn, now: number): readonly ChatMessage[] {
    return messagesOf(turn.entries, { newId: this.#deps.newId, now });
  }

  #analysis(plan: SessionPlan): { readonly analysis_task?: JsonObject } {
    const task = this.#deps.analysisTask?.(plan);
    return task === undefined ? {} : { analysis_task: task };
  }

  /** Given up by the caller or by `stop`. AbortSignal.any keeps a trace of every turn at a signal that lives long. */
  async #within<T>(given: AbortSignal | undefined, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = new AbortController();
    const giveUp = () => turn.abort();
    if (given?.aborted || this.#stopped) giveUp();
    given?.addEventListener('abort', giveUp, { once: true });
    this.#turns.add(turn);
    try {
      return await task(turn.signal);
    } finally {
      this.#turns.delete(turn);
      given?.removeEventListener('abort', giveUp);
    }
  }
}
