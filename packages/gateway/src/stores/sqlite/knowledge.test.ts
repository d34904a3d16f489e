import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agent, engine, NOW } from '../conformance/samples.ts';
import { openSqliteStore } from './index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';

const log = { warn: () => {}, error: () => {} };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('E5 targets that were read and kept know of knowledge bases that come and go', async () => {
  const store = openSqliteStore({ folder, log });
  await store.createEngine(engine('llm_1', { settings: { knowledge_base_ids: ['kb_1'] } }));
  await store.createAgent(agent('agent_1'));
  const known = async () => {
    const found = await store.resolveTarget({ agent_id: 'agent_1', reference: 'latest' });
    return found.found && [...found.knowledge_bases];
  };
  expect([await known(), await known()]).toEqual([[], []]);
  const base = {
    ...{ knowledge_base_id: 'kb_1', knowledge_base_name: 'x', enable_auto_refresh: false, max_chunk_size: 2_000 },
    ...{ min_chunk_size: 400, created_timestamp: NOW, refreshed_timestamp: NOW },
  };
  await store.createKnowledgeBase(base, []);
  expect([await known(), await known()]).toEqual([['kb_1'], ['kb_1']]);
  await store.deleteKnowledgeBase('kb_1');
  expect(await known()).toEqual([]);
  await store.close();
});

test('a knowledge base of which only the name was known is complete after the migration', async () => {
  const db = new Database(join(folder, 'pickup.db'));
  const before = MIGRATIONS.slice(
    0,
    MIGRATIONS.findIndex((one) => one.name === 'knowledge'),
  );
  migrate(db, { file: 'pickup.db', now: 7, migrations: before });
  db.prepare("INSERT INTO knowledge_bases VALUES ('kb_abc123', 'Prices')").run();
  db.close();
  const store = openSqliteStore({ folder, log });
  expect(await store.getKnowledgeBase('kb_abc123')).toEqual({
    base: {
      knowledge_base_id: 'kb_abc123',
      knowledge_base_name: 'Prices',
      enable_auto_refresh: false,
      max_chunk_size: 2_000,
      min_chunk_size: 400,
      created_timestamp: 0,
      refreshed_timestamp: 0,
    },
    was_settled: true,
    sources: [],
  });
  expect(await store.knowledgeBasesExist(['kb_abc123'])).toEqual(new Set(['kb_abc123']));
  await store.close();
});
