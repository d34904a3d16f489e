/** Which events a change of a chat makes, and what they say (retell-contract.md, section e). */
import { chatBody } from './chat-body.ts';
import type { EventRow, WholeChat } from './port.ts';

/** The events of a chat that are told of here. */
export type ChatEvent = 'chat_started' | 'chat_ended' | 'chat_analyzed';

/** A new chat; one whose agent had nothing to say but goodbye is over at once. */
export function eventsOfNewChat(whole: WholeChat): readonly EventRow[] {
  const isOver = whole.chat.chat_status !== 'ongoing';
  return eventRows(whole, isOver ? ['chat_started', ...atTheEnd(whole)] : ['chat_started']);
}

/** A chat that is over now. */
export function eventsOfEndedChat(whole: WholeChat): readonly EventRow[] {
  return eventRows(whole, atTheEnd(whole));
}

/** A chat whose analysis is there. */
export function eventsOfAnalyzedChat(whole: WholeChat): readonly EventRow[] {
  return eventRows(whole, ['chat_analyzed']);
}

/** What is not analysed is told at once. */
function atTheEnd({ chat }: WholeChat): readonly ChatEvent[] {
  return chat.analysis_task === undefined ? ['chat_ended', 'chat_analyzed'] : ['chat_ended'];
}

function eventRows(whole: WholeChat, events: readonly ChatEvent[]): readonly EventRow[] {
  const { event_hook: hook, chat_id, start_timestamp, end_timestamp } = whole.chat;
  if (!hook) return [];
  return events
    .filter((event) => hook.events.includes(event))
    .map((event) => {
      const created = event === 'chat_started' ? start_timestamp : (end_timestamp ?? start_timestamp);
      return {
        event_id: `${chat_id}.${event}`,
        subject_id: chat_id,
        event,
        url: hook.url,
        timeout_ms: hook.timeout_ms,
        body: JSON.stringify({ event, chat: chatOf(event, whole) }),
        created_timestamp: created,
        attempts: [],
        next_timestamp: created,
      };
    });
}

/** `chat_analyzed` has an analysis in any case; of what was not analysed it says nothing. */
function chatOf(event: ChatEvent, whole: WholeChat) {
  return { ...(event === 'chat_analyzed' && { chat_analysis: {} }), ...chatBody(whole) };
}
