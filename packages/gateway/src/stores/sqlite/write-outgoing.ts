/** Outgoing parts, as the writer thread does them. */
import type { Database } from 'better-sqlite3';
import { begunPart, isOut, toldPart, triedPart } from '../outgoing-part.ts';
import type { ChatMessage, ChatRow, OutgoingRow, PartResult, PartToSend, TextCommands } from '../port.ts';
import { pairOfChat, partsOf, sendJob, textIdsOf } from '../texts-of-chat.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import { prepareJobInsert } from './jobs.ts';
import { preparePair } from './read-texts.ts';

type Status = Parameters<TextCommands['recordTextStatus']>[0];

const INSERT = `INSERT INTO outgoing_texts (part_id, pair, chat_id, state, edge, provider_message_id, done_timestamp, doc)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (part_id) DO NOTHING`;
const REPLACE = `UPDATE outgoing_texts SET state = ?, edge = ?, provider_message_id = ?, done_timestamp = ?, doc = ?
  WHERE part_id = ?`;

/** Adds parts to the transaction, and the work of sending them (S14). */
export function preparePartInsert(db: Database): (parts: readonly OutgoingRow[], now: number) => void {
  const insert = db.prepare<Cell[]>(INSERT);
  const addJob = prepareJobInsert(db);
  return (parts, now) => {
    for (const part of parts) {
      const { part_id, pair, chat_id, state, edge, provider_message_id } = part;
      const cells: Cell[] = [part_id, pair, chat_id ?? null, state, edge ?? null, provider_message_id ?? null];
      insert.run(...cells, null, JSON.stringify(part));
    }
    for (const pair of new Set(parts.map((part) => part.pair))) addJob(sendJob(pair), now);
  };
}

/** What messages of a chat mean for texts: what the agent says goes out, what it answers is done (S12, S14). */
export function prepareTextsOfChat(db: Database): (chat: ChatRow, messages: readonly ChatMessage[]) => void {
  const insert = preparePartInsert(db);
  const finish = db.prepare<Cell[]>(
    'UPDATE texts SET done_timestamp = ?, chat_id = ?, doc = NULL WHERE text_id = ? AND done_timestamp IS NULL',
  );
  return (chat, messages) => {
    if (pairOfChat(chat) === undefined) return;
    const now = Math.max(0, ...messages.map((message) => message.created_timestamp));
    insert(partsOf(chat, messages), now);
    for (const textId of textIdsOf(chat, messages)) finish.run(now, chat.chat_id, textId);
  };
}

/** Handlers of the commands of parts. */
export function writeOutgoing(db: Database): WriteHandlers {
  const pairRow = preparePair(db);
  const addJob = prepareJobInsert(db);
  const find = db.prepare<Cell[], string>('SELECT doc FROM outgoing_texts WHERE part_id = ?').pluck();
  const first = db
    .prepare<Cell[], string>(
      'SELECT doc FROM outgoing_texts WHERE pair = ? AND done_timestamp IS NULL ORDER BY seq LIMIT 1',
    )
    .pluck();
  const named = db
    .prepare<Cell[], string>('SELECT doc FROM outgoing_texts WHERE provider_message_id = ? AND edge = ?')
    .pluck();
  const replace = db.prepare<Cell[]>(REPLACE);
  const put = (part: OutgoingRow, now: number) => {
    const { state, edge, provider_message_id: id, part_id } = part;
    replace.run(state, edge ?? null, id ?? null, isOut(part) ? now : null, JSON.stringify(part), part_id);
  };
  const begin = (pair: string, now: number): string | null => {
    const doc = first.get(pair);
    if (doc === undefined) return null;
    const before = JSON.parse(doc) as OutgoingRow;
    const part = begunPart(before, now);
    if (part !== before) put(part, now);
    const next: PartToSend = { part, pair: pairRow(pair) ?? { pair, opted_out: false }, again: part === before };
    return JSON.stringify(next);
  };
  return {
    beginPart: begin,
    finishPart(partId: string, result: string, now: number) {
      const doc = find.get(partId);
      if (doc === undefined) return null;
      const part = triedPart(JSON.parse(doc) as OutgoingRow, JSON.parse(result) as PartResult, now);
      put(part, now);
      return isOut(part) ? begin(part.pair, now) : null;
    },
    /** The pair whose next part may go. */
    recordTextStatus(doc: string) {
      const { now, part_id, ...told } = JSON.parse(doc) as Status;
      const row = named.get(told.provider_message_id, told.edge) ?? (part_id && find.get(part_id));
      if (!row) return null;
      const before = JSON.parse(row) as OutgoingRow;
      const after = toldPart(before, told);
      if (after === undefined) return null;
      put(after, now);
      if (isOut(before) || !isOut(after)) return null;
      addJob(sendJob(after.pair), now);
      return after.pair;
    },
  };
}
