/** What messages of a chat mean for texts. One meaning for every driver. */
import { splitText, type TextHandling } from '@pickup/core';
import type { ChatMessage, ChatRow, NewJob, NewText, OutgoingRow, TextPair } from './port.ts';

/** The pair of numbers, seen from a text to `to`. */
export function pairOf(to: string, from: string): string {
  return `${to}|${from}`;
}

/** Kills count as attempts too; when to give up, a job's handler decides by what it works on. */
const TIRELESS = 100_000;

/** The work that a text makes: all that waits of its pair is done in one go. */
export function pairJob(pair: string): NewJob {
  return {
    task: 'answer_texts',
    payload: { pair },
    queue: `pair:${pair}`,
    job_key: `pair:${pair}`,
    max_attempts: TIRELESS,
  };
}

/** The work that an outgoing part makes. */
export function sendJob(pair: string): NewJob {
  return {
    task: 'send_texts',
    payload: { pair },
    queue: `send:${pair}`,
    job_key: `send:${pair}`,
    max_attempts: TIRELESS,
  };
}

/** The pair of a chat by SMS; undefined for others. The person who writes is `from_number`. */
export function pairOfChat({ chat_type, from_number, to_number }: ChatRow): string | undefined {
  if (chat_type !== 'sms_chat' || from_number === undefined || to_number === undefined) return undefined;
  return pairOf(to_number, from_number);
}

/** The parts that an agent's messages of a chat by SMS go out as (S14). */
export function partsOf(chat: ChatRow, messages: readonly ChatMessage[]): readonly OutgoingRow[] {
  const pair = pairOfChat(chat);
  if (pair === undefined) return [];
  return messages.flatMap((message) => {
    if (message.role !== 'agent') return [];
    return splitText(message.content).map((body, index) => ({
      part_id: `${message.message_id}.${index + 1}`,
      pair,
      chat_id: chat.chat_id,
      from_number: chat.to_number!,
      to_number: chat.from_number!,
      state: 'queued' as const,
      body,
      created_timestamp: message.created_timestamp,
      failures: 0,
    }));
  });
}

/** The texts that these messages answer: a text's message has its id (S12). */
export function textIdsOf(chat: ChatRow, messages: readonly ChatMessage[]): readonly string[] {
  if (chat.chat_type !== 'sms_chat') return [];
  return messages.filter(({ role }) => role === 'user').map(({ message_id }) => message_id);
}

/** Where a new text belongs (A6, A8). `opens`: an inbound alone, or one that is to be decided. */
export interface TextPlace {
  readonly inbound_id?: string;
  readonly chat_id?: string;
  readonly opens?: 'inbound' | 'run';
}

/** A word has an inbound of its own; others share the one that is being decided, or go to the ongoing chat. */
export function placeOf(
  handling: TextHandling,
  { inbound_id, chat_id }: TextPair,
  look: { readonly isUndecided: (inboundId: string) => boolean; readonly isOngoing: (chatId: string) => boolean },
): TextPlace {
  if (handling !== 'chat') return { opens: 'inbound' };
  if (inbound_id !== undefined && look.isUndecided(inbound_id)) return { inbound_id };
  // A chat that began with a text of ours has no inbound: its own id stands there.
  if (chat_id !== undefined && look.isOngoing(chat_id)) return { inbound_id: inbound_id ?? chat_id, chat_id };
  return { opens: 'run' };
}

/** The one confirmation of a word (A8), to whom it came from. */
export function confirmationPart(
  text: NewText,
  { part_id, body }: { readonly part_id: string; readonly body: string },
  now: number,
): OutgoingRow {
  const { to_number, from_number } = text;
  return {
    part_id,
    pair: pairOf(to_number, from_number),
    from_number: to_number,
    to_number: from_number,
    state: 'queued',
    body,
    created_timestamp: now,
    failures: 0,
  };
}
