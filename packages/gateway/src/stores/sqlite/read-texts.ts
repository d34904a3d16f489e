/** Texts, pairs and parts, as the threads that read find them. */
import type { EdgeName, JsonObject } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import type { NewText, OutgoingRow, TextPair, TextRun, WaitingText } from '../port.ts';
import { fromJsonCell } from './cells.ts';

interface PairCells {
  readonly pair: string;
  readonly opted_out: number;
  readonly chat_id: string | null;
  readonly inbound_id: string | null;
  readonly edge: string | null;
  readonly reply_route: string | null;
}

interface TextCells {
  readonly handling: string;
  readonly inbound_id: string;
  readonly doc: string;
}

interface RunCells {
  readonly inbound_id: string;
  readonly facts: string;
  readonly progress: string | null;
  readonly progress_timestamp: number | null;
  readonly version: number;
}

/** A pair's row. */
export function preparePair(db: Database): (pair: string) => TextPair | undefined {
  const find = db.prepare<[string], PairCells>('SELECT * FROM text_pairs WHERE pair = ?');
  return (pair) => {
    const cells = find.get(pair);
    if (cells === undefined) return undefined;
    const { opted_out, chat_id, inbound_id, edge, reply_route } = cells;
    return {
      pair,
      opted_out: opted_out === 1,
      ...(chat_id !== null && { chat_id }),
      ...(inbound_id !== null && { inbound_id }),
      ...(edge !== null && { edge: edge as EdgeName }),
      ...(reply_route !== null && { reply_route: JSON.parse(reply_route) as JsonObject }),
    };
  };
}

/** A pair's first waiting text (S13); few of a pair wait at a time, so they may be sorted. */
export function prepareNextText(db: Database): (pair: string) => WaitingText | undefined {
  const find = db.prepare<[string], TextCells>(
    `SELECT handling, inbound_id, doc FROM texts WHERE pair = ? AND done_timestamp IS NULL
     ORDER BY handling = 'chat', seq LIMIT 1`,
  );
  return (pair) => {
    const cells = find.get(pair);
    if (cells === undefined) return undefined;
    const { handling, inbound_id, doc } = cells;
    return { ...(JSON.parse(doc) as NewText), handling: handling as WaitingText['handling'], inbound_id };
  };
}

/** What an inbound needs to go on. */
export function prepareRun(db: Database): (inboundId: string) => TextRun | undefined {
  const find = db.prepare<[string], RunCells>(
    'SELECT inbound_id, facts, progress, progress_timestamp, version FROM text_runs WHERE inbound_id = ?',
  );
  return (inboundId) => {
    const cells = find.get(inboundId);
    if (cells === undefined) return undefined;
    const { facts, progress, progress_timestamp, version } = cells;
    const known = fromJsonCell<JsonObject>(progress);
    return {
      inbound_id: inboundId,
      facts: JSON.parse(facts) as JsonObject,
      ...(known && { progress: known }),
      ...(progress_timestamp !== null && { progress_timestamp }),
      version,
    };
  };
}

/** The part that went out as a message of a provider. */
export function prepareSentPart(db: Database): (edge: EdgeName, id: string) => OutgoingRow | undefined {
  const find = db
    .prepare<[string, string], string>('SELECT doc FROM outgoing_texts WHERE provider_message_id = ? AND edge = ?')
    .pluck();
  return (edge, id) => fromJsonCell<OutgoingRow>(find.get(id, edge) ?? null);
}

/** The parts of a chat, in the order in which they are sent. */
export function prepareOutgoing(db: Database): (chatId: string) => readonly OutgoingRow[] {
  const find = db.prepare<[string], string>('SELECT doc FROM outgoing_texts WHERE chat_id = ? ORDER BY seq').pluck();
  return (chatId) => find.all(chatId).map((doc) => JSON.parse(doc) as OutgoingRow);
}
