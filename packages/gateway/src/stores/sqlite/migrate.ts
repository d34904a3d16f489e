/** Brings a database to the schema of this code, and keeps a table of what was applied. */
import type { Database } from 'better-sqlite3';
import { MIGRATIONS, type Migration } from './migrations/index.ts';

/** The database was written by a newer Pickup: this one would not understand it. */
export class DatabaseTooNew extends Error {
  override readonly name = 'DatabaseTooNew';
}

/**
 * Applies what is missing, all in one transaction. Throws DatabaseTooNew where the database knows a
 * migration that this code does not. Returns the numbers applied now.
 */
export function migrate(
  db: Database,
  options: { readonly file: string; readonly now: number; readonly migrations?: readonly Migration[] },
): readonly number[] {
  const migrations = options.migrations ?? MIGRATIONS;
  const apply = db.transaction((): readonly number[] => {
    db.exec(`CREATE TABLE IF NOT EXISTS migrations (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, breaking INTEGER NOT NULL, applied_timestamp INTEGER NOT NULL)`);
    const applied = new Set(db.prepare<[], number>('SELECT number FROM migrations').pluck().all());
    refuseNewer(applied, migrations, options.file);
    const missing = migrations.filter((one) => !applied.has(one.number));
    const note = db.prepare('INSERT INTO migrations VALUES (?, ?, ?, ?)');
    for (const one of missing) {
      db.exec(one.sql);
      note.run(one.number, one.name, one.breaking ? 1 : 0, options.now);
    }
    return missing.map((one) => one.number);
  });
  return apply.immediate();
}

function refuseNewer(applied: ReadonlySet<number>, migrations: readonly Migration[], file: string): void {
  const newest = Math.max(0, ...migrations.map((one) => one.number));
  const found = Math.max(0, ...applied);
  if (found <= newest) return;
  throw new DatabaseTooNew(
    `${file} has schema ${found}, but this version of Pickup knows only up to ${newest}. ` +
      'Start the version of Pickup that wrote it, or a newer one.',
  );
}
