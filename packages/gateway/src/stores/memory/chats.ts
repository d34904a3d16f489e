/** Chats in memory. */
import { advancedChat, changedChat } from '../advanced-chat.ts';
import { analysisJob, analyzedChat } from '../analysis-of-chat.ts';
import { eventsOfAnalyzedChat, eventsOfEndedChat, eventsOfNewChat } from '../chat-events.ts';
import { keepsSpeech } from '../ended-call.ts';
import { matchAgents, matchFilters } from '../match-filters.ts';
import type { ChatCommands, ChatRow, WholeChat } from '../port.ts';
import { copyOf, type MemoryChat, type MemoryData } from './data.ts';
import { tell } from './events.ts';
import { addJob } from './jobs.ts';
import { listPage } from './list-page.ts';
import { joinPair, meansForTexts } from './outgoing.ts';

/** The chat commands over shared data; each runs to its end before another begins. */
export function createMemoryChats(data: MemoryData): ChatCommands {
  return {
    async createChat(chat, plan, messages) {
      if (data.chats.has(chat.chat_id)) throw new Error(`There already is a chat ${chat.chat_id}.`);
      const row = copyOf({ chat, messages: keepsSpeech(chat) ? messages : [] });
      const over = chat.chat_status !== 'ongoing';
      data.chats.set(chat.chat_id, { sequence: data.nextSequence(), ...row, ...(!over && { plan: copyOf(plan) }) });
      joinPair(data, row.chat);
      meansForTexts(data, row.chat, copyOf(messages));
      tell(data, eventsOfNewChat(row));
      addAnalysis(data, row.chat);
    },
    async advanceChat(advance) {
      const row = data.chats.get(advance.chat_id);
      const result = advancedChat(row?.chat, copyOf(advance));
      if (!result.taken || row === undefined) return { advanced: false, why: result.taken ? 'unknown' : result.why };
      const { plan: before, ...rest } = row;
      const plan = advance.plan === undefined ? before : copyOf(advance.plan);
      const over = result.chat.chat_status !== 'ongoing';
      const after: MemoryChat = {
        ...rest,
        chat: result.chat,
        messages: [...row.messages, ...result.messages],
        ...(!over && plan && { plan }),
      };
      data.chats.set(advance.chat_id, after);
      // Also what is not kept is said.
      meansForTexts(data, result.chat, copyOf(advance.messages));
      if (over) tell(data, eventsOfEndedChat(after));
      addAnalysis(data, after.chat);
      return { advanced: true, chat: result.chat };
    },
    async updateChat(chatId, change) {
      const row = data.chats.get(chatId);
      if (row === undefined) return undefined;
      const { chat, forgets } = changedChat(row.chat, copyOf(change));
      const messages = forgets ? [] : row.messages;
      data.chats.set(chatId, { ...row, chat, messages });
      return { chat, messages };
    },
    async settleChatAnalysis(chatId, findings) {
      const row = data.chats.get(chatId);
      if (row === undefined || row.chat.chat_status === 'ongoing') return undefined;
      const after = { ...row, chat: analyzedChat(row.chat, copyOf(findings)) };
      data.chats.set(chatId, after);
      tell(data, eventsOfAnalyzedChat(after));
      return wholeOf(after);
    },
    async deleteChat(chatId) {
      for (const [eventId, event] of data.events) if (event.subject_id === chatId) data.events.delete(eventId);
      for (const [partId, { row }] of data.parts) if (row.chat_id === chatId) data.parts.delete(partId);
      return data.chats.delete(chatId);
    },
    getChat: async (chatId) => data.chats.get(chatId)?.chat,
    async getWholeChat(chatId) {
      const row = data.chats.get(chatId);
      return row && wholeOf(row);
    },
    getChatPlan: async (chatId) => data.chats.get(chatId)?.plan,
    async silentChats(now, limit) {
      const chats = [...data.chats.values()].map(({ chat }) => chat);
      return chats
        .filter((chat) => chat.chat_status === 'ongoing' && chat.expires_timestamp <= now)
        .sort((a, b) => a.expires_timestamp - b.expires_timestamp)
        .slice(0, limit);
    },
    async listChats(request) {
      const rows = [...data.chats.values()]
        .filter(({ chat }) => matchFilters(chat, request.filters) && matchAgents(chat, request.agents))
        .map((row) => ({ key: keyOf(row), value: row.chat }));
      const page = listPage(rows, request);
      return request.include_total ? { ...page, total: rows.length } : page;
    },
    async listWholeChats(request) {
      const rows = [...data.chats.values()].map((row) => ({ key: keyOf(row), value: wholeOf(row) }));
      return listPage(rows, request);
    },
  };
}

/** The work that the end of a chat leaves. */
function addAnalysis(data: MemoryData, chat: ChatRow): void {
  const job = analysisJob(chat);
  if (job) addJob(data, job, chat.end_timestamp ?? 0);
}

function keyOf({ chat, sequence }: MemoryChat): readonly [number, number] {
  return [chat.start_timestamp, sequence];
}

function wholeOf({ chat, messages }: MemoryChat): WholeChat {
  return { chat, messages };
}
