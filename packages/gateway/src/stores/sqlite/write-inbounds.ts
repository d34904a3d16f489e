/** Inbounds, as the writer thread does them. */
import type { AttemptRecord, Outcome } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import { eventsOfSettlement } from '../call-events.ts';
import { addAttempt, mergeAttempts } from '../merge-attempts.ts';
import { type Cell, fromJsonCell, type WriteHandlers } from './cells.ts';
import { prepareEventInsert } from './events.ts';
import { prepareCallUpsert } from './write-calls.ts';

interface AttemptsRow {
  readonly outcome: string | null;
  readonly attempts: string | null;
}

const OPEN = `INSERT INTO inbounds (inbound_id, channel, edge, from_number, to_number, arrival_timestamp, session_id,
  settings, dedupe_key, memo, node_id, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;
const DECIDE = `UPDATE inbounds SET decided_timestamp = ?, intended = ?, agent_id = ?, agent_version = ?, request = ?,
  reply = ?, issues = ?, steps = ?, dialog = ?, attempts = ? WHERE inbound_id = ? AND outcome IS NULL`;
/** The number of the next end, in the transaction that settles (S16). */
export const NEXT_END = `coalesce((SELECT ended FROM inbounds INDEXED BY ended_inbounds
  WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1), 0) + 1`;
const SETTLE = `UPDATE inbounds SET outcome = ?, outcome_timestamp = ?, steps = coalesce(?, steps),
  issues = coalesce(?, issues), attempts = coalesce(?, attempts), request = coalesce(?, request),
  sip_messages = ?, ended = ${NEXT_END}
  WHERE inbound_id = ? AND outcome IS NULL`;

/** How many cells of a settlement come before those of its call. */
const SETTLEMENT_CELLS = 8;

/** Opens an inbound of `arrivalCells` within the transaction; false where it was open already (S3). */
export function prepareInboundOpen(db: Database): (...cells: readonly Cell[]) => boolean {
  const open = db.prepare<Cell[]>(OPEN);
  return (...cells) => open.run(...cells).changes === 1;
}

/** Handlers of the inbound commands. */
export function writeInbounds(db: Database): WriteHandlers {
  const open = prepareInboundOpen(db);
  const openAlready = db
    .prepare<[Cell, Cell, Cell], string>(
      `SELECT inbound_id FROM inbounds WHERE inbound_id = ?
       UNION ALL SELECT inbound_id FROM inbounds WHERE ? IS NOT NULL AND dedupe_key = ? AND outcome IS NULL LIMIT 1`,
    )
    .pluck();
  const decideFirst = db.prepare(`${DECIDE} AND attempts IS NULL`);
  const decide = db.prepare(DECIDE);
  const settle = db.prepare(SETTLE);
  const upsertCall = prepareCallUpsert(db);
  const tell = prepareEventInsert(db);
  const attemptsOf = db.prepare<[Cell], AttemptsRow>('SELECT outcome, attempts FROM inbounds WHERE inbound_id = ?');
  const outcomeOf = db.prepare<[Cell], Cell>('SELECT outcome FROM inbounds WHERE inbound_id = ?').pluck();
  const setAttempts = db.prepare('UPDATE inbounds SET attempts = ? WHERE inbound_id = ?');

  const rowOf = (inboundId: Cell): AttemptsRow => {
    const row = attemptsOf.get(inboundId);
    if (row === undefined) throw new Error(`There is no inbound ${inboundId}.`);
    return row;
  };
  return {
    /** Null where it was opened, else the id of the one that is open already (S3). */
    openInbound(...cells: Cell[]) {
      if (open(...cells)) return null;
      const [inboundId, dedupeKey] = [cells[0]!, cells[8]!];
      return openAlready.get(inboundId, dedupeKey, dedupeKey) ?? null;
    },
    recordAttempt(inboundId: string, attempt: string) {
      const row = rowOf(inboundId);
      const recorded = fromJsonCell<AttemptRecord[]>(row.attempts) ?? [];
      const attempts = addAttempt(recorded, JSON.parse(attempt) as AttemptRecord);
      if (attempts === undefined) return 0;
      setAttempts.run(JSON.stringify(attempts), inboundId);
      return 1;
    },
    recordDecision(...cells: Cell[]) {
      if (decideFirst.run(...cells).changes === 1) return null;
      const inboundId = cells.at(-1)!;
      const row = rowOf(inboundId);
      if (row.outcome !== null) return null;
      const decided = fromJsonCell<AttemptRecord[]>(cells.at(-2) as string) ?? [];
      const merged = mergeAttempts(fromJsonCell<AttemptRecord[]>(row.attempts) ?? [], decided);
      decide.run(...cells.slice(0, -2), JSON.stringify(merged), inboundId);
      return null;
    },
    /** 1 where it won, else the outcome that stands (S2), '' where there is no such inbound. */
    settleInbound(...cells: Cell[]) {
      const settlement = cells.slice(0, SETTLEMENT_CELLS);
      if (settle.run(...settlement).changes === 0) return outcomeOf.get(settlement.at(-1)!) ?? '';
      if (cells.length > SETTLEMENT_CELLS) {
        upsertCall.run(...cells.slice(SETTLEMENT_CELLS));
        const doc = cells.at(-1) as string;
        if (doc.includes('"event_hook":')) tell(eventsOfSettlement(JSON.parse(doc), cells[0] as Outcome));
      }
      return 1;
    },
  };
}
