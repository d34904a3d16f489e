/**
 * One process per data folder. The lock is an exclusive SQLite lock on a file of its own: an fcntl lock,
 * which the system drops when the process dies, however it dies. Nobody else in this process may open
 * `lock.db` as a plain file: closing it would drop the lock (POSIX). So the holder's pid has its own file.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Another process has the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

export interface FolderLock {
  release(): void;
}

/** Makes the folder where it is missing. Throws FolderInUse, which names the folder and the holder's pid. */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pidFile = join(folder, 'lock.pid');
  const db = new Database(join(folder, 'lock.db'), { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    throw new FolderInUse(
      `The data folder ${folder} is in use by another Pickup${holder(pidFile)}. ` +
        'Stop that one, or give this one a folder of its own (PICKUP_HOME).',
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      if (!db.open) return;
      rmSync(pidFile, { force: true });
      db.close();
    },
  };
}

function holder(pidFile: string): string {
  try {
    return ` (pid ${readFileSync(pidFile, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
