import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseTooNew, openSqliteStore } from './index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';

const log = { warn: () => {}, error: () => {} };
const next = { number: 2, name: 'next', breaking: false, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY)' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('migrations', () => {
  test('are numbered from 1 without gaps', () => {
    expect(MIGRATIONS.map((one) => one.number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  test('each is applied once and noted with its number, name and whether it breaks', () => {
    const db = new Database(join(folder, 'pickup.db'));
    expect(migrate(db, { file: 'pickup.db', now: 7 })).toEqual([1]);
    expect(migrate(db, { file: 'pickup.db', now: 8, migrations: [...MIGRATIONS, next] })).toEqual([2]);
    expect(migrate(db, { file: 'pickup.db', now: 9, migrations: [...MIGRATIONS, next] })).toEqual([]);
    expect(db.prepare('SELECT * FROM migrations').all()).toEqual([
      { number: 1, name: 'first schema', breaking: 1, applied_timestamp: 7 },
      { number: 2, name: 'next', breaking: 0, applied_timestamp: 8 },
    ]);
    db.close();
  });

  test('one that fails leaves nothing of its run', () => {
    const db = new Database(join(folder, 'pickup.db'));
    const broken = { ...next, number: 3, sql: 'CREATE TABLE later (id INTEGER)' };
    expect(() => migrate(db, { file: 'pickup.db', now: 7, migrations: [...MIGRATIONS, next, broken] })).toThrow();
    expect(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()).toEqual({ tables: 0 });
    db.close();
  });

  test('a database newer than the code is refused, untouched and with the lock given back', async () => {
    await openSqliteStore({ folder, log }).close();
    const db = new Database(join(folder, 'pickup.db'));
    migrate(db, { file: 'pickup.db', now: 8, migrations: [...MIGRATIONS, next] });
    expect(() => openSqliteStore({ folder, log })).toThrow(DatabaseTooNew);
    expect(() => openSqliteStore({ folder, log })).toThrow(
      'has schema 2, but this version of Pickup knows only up to 1',
    );
    db.exec('DELETE FROM migrations WHERE number = 2');
    db.close();
    await openSqliteStore({ folder, log }).close();
  });
});
