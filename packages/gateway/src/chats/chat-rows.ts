/** What is stored of a chat: its row, its messages, its end. */
import type { JsonObject } from '@pickup/contract';
import type { TalkEntry } from '@pickup/conversation';
import type { SessionPlan } from '@pickup/core';
import type { ChatEnd, ChatMessage, ChatRow, EventHook } from '../stores/port.ts';
import type { ChatMoment, ChatTurn } from './talker.ts';

/** Of whom a chat is, where it comes by text. */
export interface ChatParties {
  readonly chat_type: ChatRow['chat_type'];
  readonly from_number?: string;
  readonly to_number?: string;
}

const SILENCE_MS = { least: 120_000, most: 259_200_000, otherwise: 3_600_000 };
/** Ids of texts that a chat remembers: those a job may still ask about again. */
const MOST_TEXT_IDS = 50;

/** The row of a chat that begins with this turn. */
export function newChat(
  plan: SessionPlan,
  turn: ChatTurn,
  given: {
    readonly now: number;
    readonly parties: ChatParties;
    readonly hook: EventHook | undefined;
    readonly analysis_task?: JsonObject;
  },
): ChatRow {
  const { now, parties, hook, analysis_task: task } = given;
  const storage = plan.agent['data_storage_setting'];
  const basic = storage === 'basic_attributes_only';
  const end = turn.ended === undefined ? undefined : endOf(turn, now);
  const { collected_dynamic_variables: collected, ...ended } = end ?? {};
  return {
    chat_id: plan.session_id,
    ...parties,
    chat_status: 'ongoing',
    agent_id: plan.agent_id,
    agent_version: plan.agent_version,
    ...(plan.agent_tag !== undefined && { agent_tag: plan.agent_tag }),
    ...(!basic && plan.metadata && { metadata: plan.metadata }),
    ...(!basic && { retell_llm_dynamic_variables: plan.dynamic_variables }),
    ...(!basic && task && { analysis_task: task }),
    ...(!basic && collected && { collected_dynamic_variables: collected }),
    data_storage_setting: typeof storage === 'string' ? storage : 'everything',
    start_timestamp: now,
    ...(hook && { event_hook: hook }),
    turn: 0,
    ...(end ? { ...ended, duration_ms: 0 } : { state: turn.state }),
    expires_timestamp: now + silenceOf(plan),
  };
}

/** The end that the agent made. */
export function endOf({ collected }: ChatTurn, now: number): ChatEnd {
  return {
    chat_status: 'ended',
    end_timestamp: now,
    disconnection_reason: 'agent_hangup',
    collected_dynamic_variables: collected,
  };
}

/** The chat's own variables over those it began with. */
export function momentOf(chat: ChatRow, plan: SessionPlan, now: number): ChatMoment {
  const variables = { ...plan.variables, ...chat.override_dynamic_variables };
  return { plan: { ...plan, variables }, now, startedAt: chat.start_timestamp, turn: chat.turn };
}

/** `end_chat_after_silence_ms`, 2 minutes to 72 hours; default an hour. */
export function silenceOf({ agent }: SessionPlan): number {
  const set = agent['end_chat_after_silence_ms'];
  if (typeof set !== 'number') return SILENCE_MS.otherwise;
  return Math.min(SILENCE_MS.most, Math.max(SILENCE_MS.least, set));
}

/** Entries with ids and a stamp. */
export function messagesOf(
  entries: readonly TalkEntry[],
  given: { readonly newId: () => string; readonly now: number },
): readonly ChatMessage[] {
  return entries.map((entry) => ({ message_id: given.newId(), ...entry, created_timestamp: given.now }));
}

/** A message of the user's; one that came as a text has the text's id. */
export function userMessage(content: string, messageId: string, now: number): ChatMessage {
  return { message_id: messageId, role: 'user', content, created_timestamp: now };
}

/** The state with the text's id in it: the chat knows that it answered it, whatever it stores of what was said. */
export function rememberText(
  state: JsonObject,
  before: JsonObject | undefined,
  textId: string | undefined,
): JsonObject {
  const known = textIdsIn(before);
  if (textId === undefined) return known.length === 0 ? state : { ...state, text_ids: known };
  return { ...state, text_ids: [...known, textId].slice(-MOST_TEXT_IDS) };
}

/** Texts that were answered. */
export function textIdsIn(state: JsonObject | undefined): readonly string[] {
  const ids = state?.['text_ids'];
  return Array.isArray(ids) ? (ids as string[]) : [];
}

/** What was said to a text that was answered before: the messages after it, up to the user's next one. */
export function messagesAfter(messages: readonly ChatMessage[], textId: string): readonly ChatMessage[] | undefined {
  const at = messages.findIndex(({ message_id }) => message_id === textId);
  if (at === -1) return undefined;
  const rest = messages.slice(at + 1);
  const next = rest.findIndex(({ role }) => role === 'user');
  return next === -1 ? rest : rest.slice(0, next);
}
