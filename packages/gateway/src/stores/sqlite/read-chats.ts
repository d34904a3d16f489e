/** Chats, as the threads that read find them. */
import type { Database } from 'better-sqlite3';
import type { ChatMessage, ChatRow } from '../port.ts';

/** A chat's row by id. */
export function prepareChat(db: Database): (chatId: string) => ChatRow | undefined {
  const find = db.prepare<[string], string>('SELECT doc FROM chats WHERE chat_id = ?').pluck();
  return (chatId) => {
    const doc = find.get(chatId);
    return doc === undefined ? undefined : (JSON.parse(doc) as ChatRow);
  };
}

/** A chat's messages in order. */
export function prepareMessages(db: Database): (chatId: string) => readonly ChatMessage[] {
  const find = db
    .prepare<[string], string>('SELECT doc FROM chat_messages WHERE chat_id = ? ORDER BY position')
    .pluck();
  return (chatId) => find.all(chatId).map((doc) => JSON.parse(doc) as ChatMessage);
}
