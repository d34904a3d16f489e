/** What is to be done, stored and told about the analysis of a chat. One meaning for every driver. */
import { keepsSpeech } from './ended-call.ts';
import type { ChatFindings, ChatRow, NewJob } from './port.ts';

/** The name of the job's handler. */
export const ANALYZE_CHAT = 'analyze_chat';
const MAX_ATTEMPTS = 8;

/** The work that the end of a chat leaves; undefined where nothing is to be analysed. */
export function analysisJob({ chat_id, chat_status, analysis_task }: ChatRow): NewJob | undefined {
  if (chat_status === 'ongoing' || analysis_task === undefined) return undefined;
  return { task: ANALYZE_CHAT, payload: { chat_id }, job_key: `analyze:${chat_id}`, max_attempts: MAX_ATTEMPTS };
}

/** The chat with what was found; nothing of it where its storage setting keeps nothing of what was said. */
export function analyzedChat(before: ChatRow, findings: ChatFindings): ChatRow {
  return keepsSpeech(before) ? { ...before, ...findings } : before;
}

/** The chat without what was found. */
export function withoutFindings(chat: ChatRow): ChatRow {
  const { chat_summary: _s, user_sentiment: _u, chat_successful: _c, custom_analysis_data: _d, ...bare } = chat;
  return bare;
}
