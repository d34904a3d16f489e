/** The chat commands. */
import type { JsonObject } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import type { AdvanceResult, ChatCommands, ChatRow, WholeChat } from '../port.ts';
import { prepareChat, prepareMessages } from './read-chats.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

const SILENT = `SELECT doc FROM chats INDEXED BY silent_chats
  WHERE chat_status = 'ongoing' AND expires_timestamp <= ? ORDER BY expires_timestamp LIMIT ?`;

/** Writes through the writer, single chats from `db`, lists from the reader. */
export function createChats(writer: Writer, db: Database, reader: Reader): ChatCommands {
  const find = prepareChat(db);
  const messagesOf = prepareMessages(db);
  const planOf = db.prepare<[string], string>('SELECT plan FROM chat_plans WHERE chat_id = ?').pluck();
  const silent = db.prepare<[number, number], string>(SILENT).pluck();
  const readWhole = db.transaction((chatId: string): WholeChat | undefined => {
    const chat = find(chatId);
    return chat && { chat, messages: messagesOf(chatId) };
  });
  return {
    async createChat(chat, plan, messages) {
      await writer.send('createChat', [JSON.stringify(chat), JSON.stringify(plan), JSON.stringify(messages)]);
    },
    async advanceChat(advance) {
      return JSON.parse((await writer.send('advanceChat', [JSON.stringify(advance)])) as string) as AdvanceResult;
    },
    async updateChat(chatId, change) {
      const doc = (await writer.send('updateChat', [chatId, JSON.stringify(change)])) as string | null;
      return doc === null ? undefined : (JSON.parse(doc) as WholeChat);
    },
    async settleChatAnalysis(chatId, findings) {
      const doc = (await writer.send('settleChatAnalysis', [chatId, JSON.stringify(findings)])) as string | null;
      return doc === null ? undefined : (JSON.parse(doc) as WholeChat);
    },
    deleteChat: async (chatId) => (await writer.send('deleteChat', [chatId])) === 1,
    getChat: async (chatId) => find(chatId),
    getWholeChat: async (chatId) => readWhole(chatId),
    async getChatPlan(chatId) {
      const plan = planOf.get(chatId);
      return plan === undefined ? undefined : (JSON.parse(plan) as JsonObject);
    },
    silentChats: async (now, limit) => silent.all(now, limit).map((doc) => JSON.parse(doc) as ChatRow),
    listChats: (request) => reader.ask('chats', request),
    listWholeChats: (request) => reader.ask('wholeChats', request),
  };
}
