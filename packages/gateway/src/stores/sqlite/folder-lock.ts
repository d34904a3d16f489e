/**
 * One process per data folder. The lock is an exclusive SQLite lock on a file of its own: an fcntl lock,
 * which the system drops when the process dies, however it dies. Nobody else in this process may open
 * `lock.db` as a plain file: closing it would drop the lock (POSIX). So the holder's pid has its own file.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FolderUnusable, makeFolder } from './make-folder.ts';

/** Another process has the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

export interface FolderLock {
  release(): void;
}

/** Makes the folder where it is missing. Throws FolderInUse, which names the folder and the holder's pid, or FolderUnusable. */
export function lockFolder(folder: string): FolderLock {
  makeFolder(folder);
  const pidFile = join(folder, 'lock.pid');
  const db = openLock(folder);
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

function openLock(folder: string): Database.Database {
  try {
    return new Database(join(folder, 'lock.db'), { timeout: 0 });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_CANTOPEN') throw error;
    throw new FolderUnusable(folder, 'files in it cannot be written');
  }
}

function holder(pidFile: string): string {
  try {
    return ` (pid ${readFileSync(pidFile, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
