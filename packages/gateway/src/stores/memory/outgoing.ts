/** Outgoing parts in memory. */
import { begunPart, isOut, toldPart, triedPart } from '../outgoing-part.ts';
import type { ChatMessage, ChatRow, OutgoingRow, PartToSend, TextCommands } from '../port.ts';
import { pairOfChat, partsOf, sendJob, textIdsOf } from '../texts-of-chat.ts';
import { copyOf, type MemoryData } from './data.ts';
import { addJob } from './jobs.ts';

/** Adds parts and the work of sending them (S14). */
export function addParts(data: MemoryData, parts: readonly OutgoingRow[], now: number): void {
  for (const row of parts) if (!data.parts.has(row.part_id)) data.parts.set(row.part_id, { row });
  for (const pair of new Set(parts.map((part) => part.pair))) addJob(data, sendJob(pair), now);
}

/** The newest chat of a pair is the one its texts continue. */
export function joinPair(data: MemoryData, chat: ChatRow): void {
  const pair = pairOfChat(chat);
  if (pair === undefined) return;
  const known = data.textPairs.get(pair) ?? { pair, opted_out: false };
  data.textPairs.set(pair, { ...known, chat_id: chat.chat_id });
}

/** What messages of a chat mean for texts (S12, S14). */
export function meansForTexts(data: MemoryData, chat: ChatRow, messages: readonly ChatMessage[]): void {
  if (pairOfChat(chat) === undefined) return;
  const now = Math.max(0, ...messages.map((message) => message.created_timestamp));
  addParts(data, partsOf(chat, messages), now);
  for (const textId of textIdsOf(chat, messages)) {
    const text = data.texts.get(textId);
    if (text && text.done_timestamp === undefined)
      data.texts.set(textId, { ...text, chat_id: chat.chat_id, done_timestamp: now });
  }
}

type Commands = Pick<TextCommands, 'findOutgoing' | 'beginPart' | 'finishPart' | 'recordTextStatus' | 'listOutgoing'>;

/** The commands of parts over shared data. */
export function createMemoryOutgoing(data: MemoryData): Commands {
  const put = (row: OutgoingRow, now: number) => {
    data.parts.set(row.part_id, { row, ...(isOut(row) && { done_timestamp: now }) });
  };
  const begin = (pair: string, now: number): PartToSend | undefined => {
    const first = [...data.parts.values()].find(({ row }) => row.pair === pair && !isOut(row))?.row;
    if (first === undefined) return undefined;
    const part = begunPart(first, now);
    put(part, now);
    const known = data.textPairs.get(pair) ?? { pair, opted_out: false };
    return copyOf({ part, pair: known, again: part === first });
  };
  return {
    beginPart: async (pair, now) => begin(pair, now),
    async finishPart(partId, result, now) {
      const row = data.parts.get(partId)?.row;
      if (row === undefined) return undefined;
      const part = triedPart(row, copyOf(result), now);
      put(part, now);
      return isOut(part) ? begin(part.pair, now) : undefined;
    },
    async recordTextStatus({ now, part_id, ...told }) {
      const { edge, provider_message_id: id } = told;
      const rows = [...data.parts.values()].map(({ row }) => row);
      const named = rows.find((row) => row.provider_message_id === id && row.edge === edge);
      const before = named ?? rows.find((row) => row.part_id === part_id);
      const after = before && toldPart(before, told);
      if (before === undefined || after === undefined) return undefined;
      put(after, now);
      if (isOut(before) || !isOut(after)) return undefined;
      addJob(data, sendJob(after.pair), now);
      return after.pair;
    },
    async findOutgoing(edge, id) {
      return [...data.parts.values()].find(({ row }) => row.provider_message_id === id && row.edge === edge)?.row;
    },
    async listOutgoing(chatId) {
      return [...data.parts.values()].map(({ row }) => row).filter((row) => row.chat_id === chatId);
    },
  };
}
