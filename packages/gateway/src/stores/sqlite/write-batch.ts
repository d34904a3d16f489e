/**
 * One batch of commands, one transaction, one fsync. The first run has no savepoints, which cost more
 * than the writes they guard. Where a command throws, the batch is rolled back and run again with a
 * savepoint around each command, so that the one that fails leaves nothing behind and its neighbours
 * stand (S6). Handlers depend on nothing but the database and their cells, so a second run is the same.
 */
import type { Database } from 'better-sqlite3';
import type { BatchAnswer, Cell, FailedCommand, WriteHandlers } from './cells.ts';

const DISK_CODES = /^(SQLITE_FULL|SQLITE_IOERR|SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_BUSY|ENOSPC|EDQUOT|EIO|EROFS)/;

/** True where the disk, not the command, is at fault. */
export function isDiskFault(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && DISK_CODES.test(code);
}

/** Writes batches over one connection. Where a delay is given, the thread stands still that long in each commit. */
export function createBatchWriter(
  db: Database,
  handlers: WriteHandlers,
  commitDelayMs = 0,
): (batch: readonly Cell[]) => BatchAnswer {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const savepoint = db.prepare('SAVEPOINT one');
  const release = db.prepare('RELEASE one');
  const undo = db.prepare('ROLLBACK TO one');

  const runGuarded = (command: string, cells: readonly Cell[]): Cell | FailedCommand => {
    savepoint.run();
    try {
      const result = call(handlers, command, cells);
      release.run();
      return result;
    } catch (error) {
      if (isDiskFault(error) || !db.inTransaction) throw error;
      undo.run();
      release.run();
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  };
  const run = (batch: readonly Cell[], one: typeof runGuarded): BatchAnswer => {
    const results: (Cell | FailedCommand)[] = [];
    begin.run();
    for (let at = 0; at < batch.length; ) {
      const count = batch[at + 1] as number;
      results.push(one(batch[at] as string, batch.slice(at + 2, at + 2 + count)));
      at += 2 + count;
    }
    if (commitDelayMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, commitDelayMs);
    commit.run();
    return { results };
  };
  return (batch) => {
    try {
      return run(batch, (command, cells) => call(handlers, command, cells));
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      if (isDiskFault(error)) throw error;
    }
    try {
      return run(batch, runGuarded);
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
}

function call(handlers: WriteHandlers, command: string, cells: readonly Cell[]): Cell {
  const handler = handlers[command] as ((...cells: readonly Cell[]) => Cell) | undefined;
  if (handler === undefined) throw new Error(`The store has no command ${command}.`);
  return handler(...cells);
}
