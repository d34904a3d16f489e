/** Connections to the database file, with the settings each role needs. */
import Database from 'better-sqlite3';

const BUSY_MS = 10_000;
/** Inner pages of a million numbers fit; bytes, mapped lazily. */
const MAPPED_BYTES = 1_073_741_824;
const CACHE_KIB = 65_536;
/** Pages of log before they are moved to the file: fewer moves write a hot page once instead of often. */
const CHECKPOINT_PAGES = 4_000;
const LOG_LIMIT_BYTES = 67_108_864;

/** A commit is on the disk when it returns (WAL, synchronous=FULL). `maxBytes` is the file's greatest size. */
export function openForWriting(file: string, maxBytes?: number): Database.Database {
  const db = new Database(file, { timeout: BUSY_MS });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma(`cache_size = -${CACHE_KIB}`);
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`);
  if (maxBytes !== undefined) db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize(db)))}`);
  return db;
}

/** Sees every commit that came before its query began. */
export function openForReading(file: string): Database.Database {
  const db = new Database(file, { timeout: BUSY_MS, readonly: true });
  db.pragma(`cache_size = -${CACHE_KIB}`);
  db.pragma(`mmap_size = ${MAPPED_BYTES}`);
  return db;
}

function pageSize(db: Database.Database): number {
  return Number(db.pragma('page_size', { simple: true }));
}
