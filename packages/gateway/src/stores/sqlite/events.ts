/** The event commands; point reads run on the main thread. */
import type { Database } from 'better-sqlite3';
import type { EventAttempt, EventCommands, EventRow } from '../port.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import type { Writer } from './writer.ts';

interface EventCells extends Omit<EventRow, 'attempts' | 'next_timestamp'> {
  readonly attempts: string;
  readonly next_timestamp: number | null;
}

const COLUMNS = 'event_id, subject_id, event, url, timeout_ms, body, created_timestamp, attempts, next_timestamp';
/** The index is named: without statistics the planner may prefer the order of the table. */
const DUE = `SELECT ${COLUMNS} FROM events AS due INDEXED BY due_events
  WHERE next_timestamp IS NOT NULL AND next_timestamp <= ? AND NOT EXISTS (
    SELECT 1 FROM events WHERE subject_id = due.subject_id AND seq < due.seq AND attempts = '[]')
  ORDER BY next_timestamp LIMIT ?`;

/** Writes through the writer, reads from `db`. */
export function createEvents(writer: Writer, db: Database): EventCommands {
  const due = db.prepare<[number, number], EventCells>(DUE);
  const ofSubject = db.prepare<[string], EventCells>(`SELECT ${COLUMNS} FROM events WHERE subject_id = ? ORDER BY seq`);
  return {
    dueEvents: async (now, limit) => due.all(now, limit).map(toEvent),
    async recordEventAttempt(eventId, attempt, nextTimestamp) {
      await writer.send('recordEventAttempt', [eventId, JSON.stringify(attempt), nextTimestamp ?? null]);
    },
    listEvents: async (subjectId) => ofSubject.all(subjectId).map(toEvent),
  };
}

/** Adds events to the transaction; one that is there already stays as it is. */
export function prepareEventInsert(db: Database): (events: readonly EventRow[]) => void {
  const insert = db.prepare(
    `INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
  );
  return (events) => {
    for (const row of events) {
      const { event_id, subject_id, event, url, timeout_ms, body, created_timestamp, attempts } = row;
      const cells: Cell[] = [event_id, subject_id, event, url, timeout_ms, body, created_timestamp];
      insert.run(...cells, JSON.stringify(attempts), row.next_timestamp ?? null);
    }
  };
}

/** The handler of the writer thread. */
export function writeEvents(db: Database): WriteHandlers {
  const find = db.prepare<[Cell], string>('SELECT attempts FROM events WHERE event_id = ?').pluck();
  const update = db.prepare('UPDATE events SET attempts = ?, next_timestamp = ? WHERE event_id = ?');
  return {
    recordEventAttempt(eventId: string, attempt: string, next: number | null) {
      const before = find.get(eventId);
      if (before === undefined) return 0;
      const attempts = [...(JSON.parse(before) as EventAttempt[]), JSON.parse(attempt) as EventAttempt];
      return update.run(JSON.stringify(attempts), next, eventId).changes;
    },
  };
}

function toEvent({ attempts, next_timestamp, ...plain }: EventCells): EventRow {
  return {
    ...plain,
    attempts: JSON.parse(attempts) as EventAttempt[],
    ...(next_timestamp !== null && { next_timestamp }),
  };
}
