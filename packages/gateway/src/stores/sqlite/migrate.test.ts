import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseTooNew, openSqliteStore } from './index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';

const log = { warn: () => {}, error: () => {} };
const LAST = MIGRATIONS.at(-1)!.number;
const next = { number: LAST + 1, name: 'next', breaking: false, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY)' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('migrations', () => {
  test('are numbered from 1 up, each number once', () => {
    const numbers = MIGRATIONS.map((one) => one.number);
    expect(numbers[0]).toBe(1);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  test('each is applied once and noted with its number, name and whether it breaks', () => {
    const db = new Database(join(folder, 'pickup.db'));
    expect(migrate(db, { file: 'pickup.db', now: 7 })).toEqual(MIGRATIONS.map((one) => one.number));
    expect(migrate(db, { file: 'pickup.db', now: 8, migrations: [...MIGRATIONS, next] })).toEqual([LAST + 1]);
    expect(migrate(db, { file: 'pickup.db', now: 9, migrations: [...MIGRATIONS, next] })).toEqual([]);
    expect(db.prepare('SELECT * FROM migrations').all()).toEqual([
      ...MIGRATIONS.map(({ number, name, breaking }) => ({
        number,
        name,
        breaking: Number(breaking),
        applied_timestamp: 7,
      })),
      { number: LAST + 1, name: 'next', breaking: 0, applied_timestamp: 8 },
    ]);
    db.close();
  });

  test('E8 an agent published under schema 1 keeps the engine it has at the upgrade', async () => {
    const db = new Database(join(folder, 'pickup.db'));
    migrate(db, { file: 'pickup.db', now: 7, migrations: MIGRATIONS.slice(0, 1) });
    const engine = db.prepare("INSERT INTO engine_versions VALUES ('retell-llm', ?, ?, 0, 7, '{}')");
    for (const [id, version] of [
      ['llm_1', 0],
      ['llm_1', 1],
      ['llm_2', 0],
    ])
      engine.run(id, version);
    const version = db.prepare("INSERT INTO agent_versions VALUES ('agent_1', ?, 'voice', NULL, ?, NULL, 7, ?)");
    const named = (more: object) =>
      JSON.stringify({ response_engine: { type: 'retell-llm', llm_id: 'llm_1', ...more } });
    db.prepare("INSERT INTO agents (agent_id, channel) VALUES ('agent_1', 'voice')").run();
    version.run(0, 1, named({}));
    version.run(1, 1, named({ version: 0 }));
    version.run(2, 0, named({}));
    version.run(3, 1, JSON.stringify({ response_engine: { type: 'custom-llm', llm_websocket_url: 'wss://a.b' } }));
    db.close();
    const store = openSqliteStore({ folder, log });
    const frozen = await Promise.all([0, 1, 2, 3].map((number) => store.getAgent('agent_1', number)));
    expect(frozen.map((row) => row?.published_engine_version)).toEqual([1, 0, undefined, undefined]);
    const published = await Promise.all([0, 1].map((number) => store.getEngine('retell-llm', 'llm_1', number)));
    expect(published.map((row) => row?.is_published)).toEqual([true, true]);
    expect((await store.getEngine('retell-llm', 'llm_2'))?.is_published).toBe(false);
    await store.close();
  });

  test('one that fails leaves nothing of its run', () => {
    const db = new Database(join(folder, 'pickup.db'));
    const broken = { ...next, number: LAST + 2, sql: 'CREATE TABLE later (id INTEGER)' };
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
      `has schema ${LAST + 1}, but this version of Pickup knows only up to ${LAST}`,
    );
    db.exec(`DELETE FROM migrations WHERE number = ${LAST + 1}`);
    db.close();
    await openSqliteStore({ folder, log }).close();
  });
});
