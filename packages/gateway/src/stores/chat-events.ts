/** Which events a change of a chat makes, and what they say (retell-contract.md, section e). */
import { chatBody } from './chat-body.ts';
import type { EventRow, WholeChat } from './port.ts';

/** The events of a chat that are told of here. */
export type ChatEvent = 'chat_started' | 'chat_ended' | 'chat_analyzed';

const OVER: readonly ChatEvent[] = ['chat_ended', 'chat_analyzed'];

/** A new chat; one whose agent had nothing to say but goodbye is over at once. */
export function eventsOfNewChat(whole: WholeChat): readonly EventRow[] {
  return eventRows(whole, whole.chat.chat_status === 'ongoing' ? ['chat_started'] : ['chat_started', ...OVER]);
}

/** A chat that is over now. */
export function eventsOfEndedChat(whole: WholeChat): readonly EventRow[] {
  return eventRows(whole, OVER);
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

/** Only what was analysed has an analysis; nothing here analyses yet, so it says nothing. */
function chatOf(event: ChatEvent, whole: WholeChat) {
  return { ...chatBody(whole), ...(event === 'chat_analyzed' && { chat_analysis: {} }) };
}
