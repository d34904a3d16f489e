/** Texts, as the writer thread does them. */
import type { AttemptRecord } from '@pickup/contract';
import { handlingOf, optedOutAfter } from '@pickup/core';
import type { Database } from 'better-sqlite3';
import { mergeAttempts } from '../merge-attempts.ts';
import type { FinishedText, NewText, TextPair, TextSettlement, TextStored } from '../port.ts';
import { confirmationPart, pairJob, pairOf, placeOf } from '../texts-of-chat.ts';
import { type Cell, fromJsonCell, jsonCell, type WriteHandlers } from './cells.ts';
import { prepareJobInsert } from './jobs.ts';
import { preparePair } from './read-texts.ts';
import { prepareChatCreation } from './write-chats.ts';
import { NEXT_END, prepareInboundOpen } from './write-inbounds.ts';
import { preparePartInsert } from './write-outgoing.ts';

interface KnownText {
  readonly text_id: string;
  readonly inbound_id: string;
  readonly chat_id: string | null;
}

const INSERT = `INSERT INTO texts (text_id, edge, provider_message_id, pair, handling, inbound_id, chat_id, doc)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const PUT_PAIR = `INSERT INTO text_pairs (pair, opted_out, inbound_id, edge, reply_route) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (pair) DO UPDATE SET opted_out = excluded.opted_out, inbound_id = excluded.inbound_id,
  edge = excluded.edge, reply_route = excluded.reply_route`;
const SETTLE = `UPDATE inbounds SET decided_timestamp = ?, intended = ?, agent_id = ?, agent_version = ?,
  request = ?, reply = ?, issues = ?, steps = ?, attempts = ?, outcome = ?, outcome_timestamp = ?, ended = ${NEXT_END}
  WHERE inbound_id = ? AND outcome IS NULL`;

/** What `storeText` says instead of JSON where it was given no opening and needs one. */
export const NEEDS_OPENING = 'needs_opening';

/** Handlers of the text commands. */
export function writeTexts(db: Database): WriteHandlers {
  const known = db.prepare<Cell[], KnownText>(
    'SELECT text_id, inbound_id, chat_id FROM texts WHERE edge = ? AND provider_message_id = ?',
  );
  const insert = db.prepare<Cell[]>(INSERT);
  const pairRow = preparePair(db);
  const putPair = db.prepare<Cell[]>(PUT_PAIR);
  const addJob = prepareJobInsert(db);
  const addParts = preparePartInsert(db);
  const createChat = prepareChatCreation(db);
  const openInbound = prepareInboundOpen(db);
  const openRun = db.prepare<Cell[]>('INSERT INTO text_runs (inbound_id, facts) VALUES (?, ?)');
  const dropRun = db.prepare<Cell[]>('DELETE FROM text_runs WHERE inbound_id = ?');
  const isUndecided = db.prepare<Cell[], number>('SELECT 1 FROM text_runs WHERE inbound_id = ?').pluck();
  const isOngoing = db
    .prepare<Cell[], number>(
      "SELECT 1 FROM chats WHERE chat_id = ? AND chat_status = 'ongoing' AND expires_timestamp > ?",
    )
    .pluck();
  const settle = db.prepare<Cell[]>(SETTLE);
  const attemptsOf = db.prepare<Cell[], string | null>('SELECT attempts FROM inbounds WHERE inbound_id = ?').pluck();
  const outcomeOf = db.prepare<Cell[], Cell>('SELECT outcome FROM inbounds WHERE inbound_id = ?').pluck();
  const setPairInbound = db.prepare<Cell[]>('UPDATE text_pairs SET inbound_id = ? WHERE pair = ?');
  const pairOfText = db.prepare<Cell[], string>('SELECT pair FROM texts WHERE text_id = ?').pluck();
  const moveTexts = db.prepare<Cell[]>(
    "UPDATE texts SET inbound_id = ?, chat_id = NULL WHERE pair = ? AND done_timestamp IS NULL AND handling = 'chat'",
  );
  const progress = db.prepare<Cell[]>(
    'UPDATE text_runs SET progress = ?, progress_timestamp = ?, version = version + 1 WHERE inbound_id = ? AND version = ?',
  );
  const docOf = db
    .prepare<Cell[], string>('SELECT doc FROM texts WHERE text_id = ? AND done_timestamp IS NULL')
    .pluck();
  const finish = db.prepare<Cell[]>(
    'UPDATE texts SET done_timestamp = ?, doc = NULL WHERE text_id = ? AND done_timestamp IS NULL',
  );
  const finishShared = db.prepare<Cell[]>(
    `UPDATE texts SET done_timestamp = ?, doc = NULL
     WHERE pair = ? AND done_timestamp IS NULL AND handling = 'chat' AND inbound_id = ?`,
  );
  const forgetParts = db.prepare<Cell[]>(
    'DELETE FROM outgoing_texts WHERE seq IN (SELECT seq FROM outgoing_texts WHERE done_timestamp < ? LIMIT ?)',
  );
  const forgetTexts = db
    .prepare<Cell[], string>(
      'DELETE FROM texts WHERE seq IN (SELECT seq FROM texts WHERE done_timestamp < ? LIMIT ?) RETURNING pair',
    )
    .pluck();
  const forgetPair = db.prepare<Cell[]>(
    `DELETE FROM text_pairs WHERE pair = ? AND opted_out = 0 AND chat_id IS NULL
     AND NOT EXISTS (SELECT 1 FROM text_runs WHERE inbound_id = text_pairs.inbound_id)
     AND NOT EXISTS (SELECT 1 FROM texts WHERE pair = text_pairs.pair AND done_timestamp IS NULL)
     AND NOT EXISTS (SELECT 1 FROM outgoing_texts WHERE pair = text_pairs.pair AND done_timestamp IS NULL)`,
  );
  const openAll = (inboundId: string, facts: string, arrival: readonly Cell[]) => {
    openInbound(...arrival);
    openRun.run(inboundId, facts);
  };
  return {
    storeText(doc: string, facts?: string, ...arrival: Cell[]) {
      const text = JSON.parse(doc) as NewText;
      const before = known.get(text.edge, text.provider_message_id);
      if (before !== undefined) return JSON.stringify(resent(before));
      const name = pairOf(text.to_number, text.from_number);
      const pair: TextPair = pairRow(name) ?? { pair: name, opted_out: false };
      const handling = text.unowned ? 'chat' : handlingOf(text.text, pair.opted_out);
      const place = placeOf(handling, pair, {
        isUndecided: (id) => isUndecided.get(id) === 1,
        isOngoing: (id) => isOngoing.get(id, text.arrival_timestamp) === 1,
      });
      if (place.opens && facts === undefined) return NEEDS_OPENING;
      const opened = arrival[0] as string;
      if (place.opens === 'inbound') openInbound(...arrival);
      if (place.opens === 'run') openAll(opened, facts!, arrival);
      const inboundId = place.inbound_id ?? opened;
      const cells: Cell[] = [text.text_id, text.edge, text.provider_message_id, name, handling, inboundId];
      insert.run(...cells, place.chat_id ?? null, doc);
      const current = place.opens === 'run' ? opened : (pair.inbound_id ?? null);
      const optedOut = optedOutAfter(handling, pair.opted_out) ? 1 : 0;
      putPair.run(name, optedOut, current, text.edge, jsonCell(text.reply_route));
      addJob(pairJob(name), text.arrival_timestamp);
      const stored: TextStored = { stored: true, text_id: text.text_id, inbound_id: inboundId };
      return JSON.stringify({ ...stored, ...(place.chat_id !== undefined && { chat_id: place.chat_id }) });
    },
    reopenText(textId: string, facts: string, ...arrival: Cell[]) {
      const pair = pairOfText.get(textId);
      if (pair === undefined) throw new Error(`There is no text ${textId}.`);
      const current = pairRow(pair)?.inbound_id;
      const shared = current !== undefined && isUndecided.get(current) === 1 ? current : undefined;
      const inboundId = shared ?? (arrival[0] as string);
      if (shared === undefined) {
        openAll(inboundId, facts, arrival);
        setPairInbound.run(inboundId, pair);
      }
      moveTexts.run(inboundId, pair);
      return null;
    },
    recordTextProgress: (...cells: Cell[]) => progress.run(...cells).changes,
    /** 1 where it won, else the outcome that stands (S2). */
    settleTextInbound(doc: string) {
      const { pair, decision: d, settlement: s, chat, silent } = JSON.parse(doc) as TextSettlement;
      const run = isUndecided.get(s.inbound_id);
      // Whichever way it ended, it goes on no more.
      dropRun.run(s.inbound_id);
      const cells: Cell[] = [d.decided_timestamp, d.intended, d.agent_id ?? null, d.agent_version ?? null];
      cells.push(d.request ?? null, jsonCell(d.reply), JSON.stringify(d.issues), JSON.stringify(d.steps));
      const recorded = fromJsonCell<AttemptRecord[]>(attemptsOf.get(s.inbound_id) ?? null) ?? [];
      cells.push(JSON.stringify(mergeAttempts(recorded, d.attempts)), s.outcome, s.outcome_timestamp, s.inbound_id);
      if (run === undefined || settle.run(...cells).changes === 0) return outcomeOf.get(s.inbound_id) ?? '';
      if (chat) createChat(chat.chat, JSON.stringify(chat.plan), chat.messages);
      if (silent) finishShared.run(s.outcome_timestamp, pair, s.inbound_id);
      return 1;
    },
    finishText(doc: string) {
      const { text_id, now, settlement: s, confirmation } = JSON.parse(doc) as FinishedText;
      const text = docOf.get(text_id);
      if (text === undefined || finish.run(now, text_id).changes === 0) return 0;
      if (s) {
        const steps = JSON.stringify(s.steps ?? []);
        settle.run(
          s.outcome_timestamp,
          s.outcome,
          null,
          null,
          null,
          null,
          '[]',
          steps,
          '[]',
          s.outcome,
          s.outcome_timestamp,
          s.inbound_id,
        );
      }
      if (confirmation) addParts([confirmationPart(JSON.parse(text) as NewText, confirmation, now)], now);
      return 1;
    },
    forgetTexts(before: number, most: number) {
      const pairs = forgetTexts.all(before, most);
      for (const pair of new Set(pairs)) forgetPair.run(pair);
      return pairs.length + forgetParts.run(before, most).changes;
    },
  };
}

function resent({ text_id, inbound_id, chat_id }: KnownText): TextStored {
  return { stored: false, text_id, inbound_id, ...(chat_id !== null && { chat_id }) };
}
