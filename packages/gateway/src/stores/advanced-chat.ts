/** What a chat is after a turn or a change. One meaning for every driver. */
import { withoutFindings } from './analysis-of-chat.ts';
import { keepsSpeech } from './ended-call.ts';
import type { ChatAdvance, ChatChange, ChatMessage, ChatRow } from './port.ts';

export type Advanced =
  | { readonly taken: true; readonly chat: ChatRow; readonly messages: readonly ChatMessage[] }
  | { readonly taken: false; readonly why: 'behind' | 'over' | 'unknown' };

/** S7. `messages` are those to be kept. */
export function advancedChat(before: ChatRow | undefined, advance: ChatAdvance): Advanced {
  if (before === undefined) return { taken: false, why: 'unknown' };
  if (before.chat_status !== 'ongoing') return { taken: false, why: 'over' };
  if (before.turn !== advance.from_turn) return { taken: false, why: 'behind' };
  const { state, expires_timestamp, end } = advance;
  const keeps = keepsSpeech(before);
  const turned: ChatRow = {
    ...before,
    turn: before.turn + 1,
    ...(state !== undefined && { state }),
    ...(expires_timestamp !== undefined && { expires_timestamp }),
  };
  const messages = keeps ? advance.messages : [];
  if (end === undefined) return { taken: true, chat: turned, messages };
  const { state: _state, ...rest } = turned;
  const { collected_dynamic_variables: collected, analysis_task: task, ...ended } = end;
  const chat: ChatRow = {
    ...rest,
    ...ended,
    duration_ms: Math.max(0, end.end_timestamp - before.start_timestamp),
    ...(keeps && collected && { collected_dynamic_variables: collected }),
    ...(keeps && task && { analysis_task: task }),
  };
  return { taken: true, chat, messages };
}

/** `forgets`: what was said must go. */
export function changedChat(
  before: ChatRow,
  change: ChatChange,
): { readonly chat: ChatRow; readonly forgets: boolean } {
  const { override_dynamic_variables: override, ...plain } = change;
  const { override_dynamic_variables: was, ...rest } = before;
  const next = override === undefined ? was : override;
  const chat: ChatRow = { ...rest, ...plain, ...(next && { override_dynamic_variables: next }) };
  if (keepsSpeech(chat)) return { chat, forgets: false };
  const { collected_dynamic_variables: _collected, ...bare } = withoutFindings(chat);
  return { chat: bare, forgets: true };
}
