/** Chats, as the writer thread does them. */
import type { Database } from 'better-sqlite3';
import { advancedChat, changedChat } from '../advanced-chat.ts';
import { analysisJob, analyzedChat } from '../analysis-of-chat.ts';
import { eventsOfAnalyzedChat, eventsOfEndedChat, eventsOfNewChat } from '../chat-events.ts';
import { keepsSpeech } from '../ended-call.ts';
import type { AdvanceResult, ChatAdvance, ChatChange, ChatFindings, ChatMessage, ChatRow } from '../port.ts';
import { pairOfChat } from '../texts-of-chat.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import { prepareEventInsert } from './events.ts';
import { prepareJobInsert } from './jobs.ts';
import { prepareChat, prepareMessages } from './read-chats.ts';
import { prepareTextsOfChat } from './write-outgoing.ts';

const INSERT = `INSERT INTO chats (chat_id, start_timestamp, chat_status, agent_id, agent_version, expires_timestamp, doc)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
const REPLACE = 'UPDATE chats SET chat_status = ?, expires_timestamp = ?, doc = ? WHERE chat_id = ?';
const APPEND = `INSERT INTO chat_messages (chat_id, position, doc)
  SELECT ?, coalesce(max(position) + 1, 0), ? FROM chat_messages WHERE chat_id = ?`;

/** The newest chat of a pair is the one its texts continue. */
const JOIN_PAIR = `INSERT INTO text_pairs (pair, chat_id) VALUES (?, ?)
  ON CONFLICT (pair) DO UPDATE SET chat_id = excluded.chat_id`;

/** Makes a chat within the transaction, with what its first messages mean for texts. */
export function prepareChatCreation(db: Database): (chat: ChatRow, plan: string, sent: readonly ChatMessage[]) => void {
  const insert = db.prepare<Cell[]>(INSERT);
  const append = db.prepare<Cell[]>(APPEND);
  const insertPlan = db.prepare<Cell[]>('INSERT INTO chat_plans (chat_id, plan) VALUES (?, ?)');
  const tell = prepareEventInsert(db);
  const addJob = prepareJobInsert(db);
  const meansForTexts = prepareTextsOfChat(db);
  const joinPair = db.prepare<Cell[]>(JOIN_PAIR);
  return (chat, plan, sent) => {
    const { chat_id, start_timestamp, chat_status, agent_id, agent_version, expires_timestamp } = chat;
    const doc = JSON.stringify(chat);
    insert.run(chat_id, start_timestamp, chat_status, agent_id, agent_version, expires_timestamp, doc);
    if (chat_status === 'ongoing') insertPlan.run(chat_id, plan);
    const messages = keepsSpeech(chat) ? sent : [];
    for (const message of messages) append.run(chat_id, JSON.stringify(message), chat_id);
    const pair = pairOfChat(chat);
    if (pair !== undefined) joinPair.run(pair, chat_id);
    meansForTexts(chat, sent);
    if (chat.event_hook) tell(eventsOfNewChat({ chat, messages }));
    const job = analysisJob(chat);
    if (job) addJob(job, chat.end_timestamp ?? 0);
  };
}

/** Handlers of the chat commands. */
export function writeChats(db: Database): WriteHandlers {
  const find = prepareChat(db);
  const messagesOf = prepareMessages(db);
  const tell = prepareEventInsert(db);
  const addJob = prepareJobInsert(db);
  const create = prepareChatCreation(db);
  const meansForTexts = prepareTextsOfChat(db);
  const replace = db.prepare<Cell[]>(REPLACE);
  const append = db.prepare<Cell[]>(APPEND);
  const replacePlan = db.prepare<Cell[]>('UPDATE chat_plans SET plan = ? WHERE chat_id = ?');
  const [dropChat, dropMessages, dropPlan, dropEvents, dropParts] = [
    db.prepare<Cell[]>('DELETE FROM chats WHERE chat_id = ?'),
    db.prepare<Cell[]>('DELETE FROM chat_messages WHERE chat_id = ?'),
    db.prepare<Cell[]>('DELETE FROM chat_plans WHERE chat_id = ?'),
    db.prepare<Cell[]>('DELETE FROM events WHERE subject_id = ?'),
    db.prepare<Cell[]>('DELETE FROM outgoing_texts WHERE chat_id = ?'),
  ] as const;
  const say = (chatId: string, messages: readonly ChatMessage[]) => {
    for (const message of messages) append.run(chatId, JSON.stringify(message), chatId);
  };
  const put = (chat: ChatRow) => {
    replace.run(chat.chat_status, chat.expires_timestamp, JSON.stringify(chat), chat.chat_id);
  };
  return {
    createChat(doc: string, plan: string, sent: string) {
      create(JSON.parse(doc) as ChatRow, plan, JSON.parse(sent) as ChatMessage[]);
      return null;
    },
    advanceChat(doc: string) {
      const advance = JSON.parse(doc) as ChatAdvance;
      const { chat_id } = advance;
      const result = advancedChat(find(chat_id), advance);
      if (!result.taken) return answer({ advanced: false, why: result.why });
      const { chat } = result;
      put(chat);
      say(chat_id, result.messages);
      // Also what is not kept is said.
      meansForTexts(chat, advance.messages);
      if (chat.chat_status !== 'ongoing') {
        dropPlan.run(chat_id);
        if (chat.event_hook) tell(eventsOfEndedChat({ chat, messages: messagesOf(chat_id) }));
        const job = analysisJob(chat);
        if (job) addJob(job, chat.end_timestamp ?? 0);
      } else if (advance.plan) replacePlan.run(JSON.stringify(advance.plan), chat_id);
      return answer({ advanced: true, chat });
    },
    updateChat(chatId: string, doc: string) {
      const before = find(chatId);
      if (before === undefined) return null;
      const { chat, forgets } = changedChat(before, JSON.parse(doc) as ChatChange);
      put(chat);
      if (forgets) dropMessages.run(chatId);
      return JSON.stringify({ chat, messages: messagesOf(chatId) });
    },
    settleChatAnalysis(chatId: string, findings: string) {
      const before = find(chatId);
      if (before === undefined || before.chat_status === 'ongoing') return null;
      const chat = analyzedChat(before, JSON.parse(findings) as ChatFindings);
      put(chat);
      const whole = { chat, messages: messagesOf(chatId) };
      if (chat.event_hook) tell(eventsOfAnalyzedChat(whole));
      return JSON.stringify(whole);
    },
    deleteChat(chatId: string) {
      for (const drop of [dropMessages, dropPlan, dropEvents, dropParts]) drop.run(chatId);
      return dropChat.run(chatId).changes;
    },
  };
}

function answer(result: AdvanceResult): string {
  return JSON.stringify(result);
}
