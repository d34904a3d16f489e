/**
 * The SQLite store. One thread writes (group commit), one reads lists, and the main thread reads single
 * rows itself. A promise settles when its write is on the disk.
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../port.ts';
import { createAudit } from './audit.ts';
import { createCalls, createSlots } from './calls.ts';
import { createChats } from './chats.ts';
import { createConfig } from './config.ts';
import { createEvents } from './events.ts';
import { startFiling } from './file-calls.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { createInbounds } from './inbounds.ts';
import { createJobs } from './jobs.ts';
import { createKeys } from './keys.ts';
import { makeFolder } from './make-folder.ts';
import { migrate } from './migrate.ts';
import { openForReading, openForWriting } from './open-database.ts';
import { createPurchases } from './purchases.ts';
import { Reader } from './reader.ts';
import { SCAN_LIMITS, type ScanLimits } from './scan-list.ts';
import { createTexts } from './texts.ts';
import { type DiskSpace, watchDisk } from './watch-disk.ts';
import { Writer } from './writer.ts';

export { FolderInUse } from './folder-lock.ts';
export { FolderUnusable } from './make-folder.ts';
export { DatabaseTooNew } from './migrate.ts';

export interface StoreClock {
  monoMs(): number;
  wallMs(): number;
  after(delayMs: number, fire: () => void): () => void;
}

export interface StoreLog {
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export interface SqliteStoreOptions {
  /** Holds `pickup.db`, its log and the lock; made where it is missing. */
  readonly folder: string;
  /** Default: the system's clocks; its timers do not keep the process alive. */
  readonly clock?: StoreClock;
  readonly log: StoreLog;
  /** 5 % or less of the disk is free. Default: a warning in the log. */
  readonly onDiskLow?: (space: DiskSpace) => void;
  /** The writer thread cannot be kept alive. Default: throws outside of any call, which ends the process. */
  readonly onFatal?: (error: Error) => void;
  /** The database's greatest size; beyond it writes are refused as on a full disk. Default: none. */
  readonly maxBytes?: number;
  /** For benches of slow disks: every commit takes this much longer. Default 0. */
  readonly commitDelayMs?: number;
  /** How long lists look through rows that no index names. Default 2 s for a page, 10 s for a total. */
  readonly scanLimits?: ScanLimits;
}

/** Locks the folder, migrates, starts the threads. Throws FolderInUse, FolderUnusable or DatabaseTooNew. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const lock = lockFolder(options.folder);
  try {
    return connectSqliteStore(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A connection without the folder's lock: only for tests of two connections to one database. */
export function connectSqliteStore(
  options: SqliteStoreOptions,
  lock?: FolderLock,
): Store & { readonly writer: Writer } {
  const { folder, log, clock = SYSTEM_CLOCK, maxBytes, commitDelayMs } = options;
  makeFolder(folder);
  const file = join(folder, 'pickup.db');
  migrateFile(file, clock.wallMs());
  const db = openForReading(file);
  const writer = new Writer({
    data: { file, ...(maxBytes !== undefined && { maxBytes }), ...(commitDelayMs !== undefined && { commitDelayMs }) },
    monoMs: clock.monoMs,
    onDeath: (error) => log.error('The store writer thread died; a new one takes over.', { error: error.message }),
    onFatal: options.onFatal ?? failLoudly,
  });
  const reader = new Reader(file, options.scanLimits ?? SCAN_LIMITS);
  const warn = (space: DiskSpace) => log.warn('The disk of the data folder is nearly full.', { folder, ...space });
  const filing = startFiling(writer, clock.after);
  const stopWatching = watchDisk({ folder, after: clock.after, onDiskLow: options.onDiskLow ?? warn });
  return {
    writer,
    ...createInbounds(writer, db, reader, filing),
    ...createCalls(writer, db, reader, filing),
    ...createChats(writer, db, reader),
    ...createSlots(writer),
    ...createConfig(writer, db, reader, { exclusive: lock !== undefined }),
    ...createKeys(writer, db),
    ...createAudit(writer, reader),
    ...createEvents(writer, db),
    ...createJobs(writer, db),
    ...createTexts(writer, db),
    ...createPurchases(writer, db),
    async close() {
      stopWatching();
      filing.stop();
      await Promise.all([writer.close(), reader.close()]);
      db.close();
      lock?.release();
    },
  };
}

function migrateFile(file: string, now: number): void {
  const db = openForWriting(file);
  try {
    migrate(db, { file, now });
  } finally {
    db.close();
  }
  // Texts and numbers of callers: for the owner alone. Log and index take over the file's mode.
  chmodSync(file, 0o600);
}

function failLoudly(error: Error): void {
  setImmediate(() => {
    throw new Error(`The store's writer thread keeps dying: ${error.message}`, { cause: error });
  });
}

const SYSTEM_CLOCK: StoreClock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
