import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Whether a Pickup has the data folder now. */
export interface LockFacts {
  readonly held: boolean;
  /** Of the holder, where it could write it down. */
  readonly pid?: number;
}

/**
 * Looks without taking the lock: a shared lock for the moment of one read. Not from within the process that holds it:
 * closing the file would drop its lock (POSIX). Throws where the file cannot be
 * looked at.
 */
export function inspectLock(folder: string): LockFacts {
  const file = join(folder, 'lock.db');
  if (!statSync(file, { throwIfNoEntry: false })) return { held: false };
  const db = new Database(file, { timeout: 0, readonly: true });
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return { held: false };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    const pid = readPid(join(folder, 'lock.pid'));
    return { held: true, ...(pid !== undefined && { pid }) };
  } finally {
    db.close();
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
