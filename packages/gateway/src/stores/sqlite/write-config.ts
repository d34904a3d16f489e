/** Numbers, agents, engines, knowledge bases and keys, as the writer thread does them. */
import type { Database } from 'better-sqlite3';
import { engineToPublish } from '../resolve-target.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import { readConfig } from './read-config.ts';

/** Handlers of the number, engine and knowledge base commands. */
export function writeNumbersAndEngines(db: Database): WriteHandlers {
  const create = db.prepare('INSERT INTO numbers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const replace = db.prepare(`INSERT INTO numbers VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    settings = excluded.settings, sealed_auth_password = excluded.sealed_auth_password,
    sealed_sip_inbound_password = excluded.sealed_sip_inbound_password
    WHERE phone_number = excluded.phone_number`);
  const remove = db.prepare('DELETE FROM numbers WHERE id = ? AND phone_number = ?');
  const createEngine = db.prepare('INSERT INTO engine_versions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const updateEngine = db.prepare(`UPDATE engine_versions SET is_published = ?, last_modification_timestamp = ?,
    settings = ? WHERE kind = ? AND id = ? AND version = ? AND is_published = 0`);
  const engineExists = db
    .prepare<[Cell, Cell, Cell], number>('SELECT 1 FROM engine_versions WHERE kind = ? AND id = ? AND version = ?')
    .pluck();
  const putKnowledgeBase = db.prepare(
    'INSERT INTO knowledge_bases VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name',
  );
  return {
    createNumber: (...cells: Cell[]) => create.run(...cells).changes,
    replaceNumber: (...cells: Cell[]) => replace.run(...cells).changes,
    deleteNumber: (id: number, phoneNumber: string) => remove.run(id, phoneNumber).changes,
    createEngine: (...cells: Cell[]) => createEngine.run(...cells).changes,
    updateEngine(...cells: Cell[]) {
      if (updateEngine.run(...cells).changes === 1) return 'updated';
      const [kind, id, version] = [cells[3]!, cells[4]!, cells[5]!];
      return engineExists.get(kind, id, version) === undefined ? 'unknown' : 'published';
    },
    putKnowledgeBase: (id: string, name: string) => putKnowledgeBase.run(id, name).changes,
  };
}

/** Handlers of the agent, version and tag commands. */
export function writeAgents(db: Database): WriteHandlers {
  const createAgent = db.prepare('INSERT INTO agents (agent_id, channel) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const createVersion = db.prepare('INSERT INTO agent_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const update = db.prepare(`UPDATE agent_versions SET last_modification_timestamp = ?, settings = ?
    WHERE agent_id = ? AND version = ? AND is_published = 0`);
  const publish = db.prepare(`UPDATE agent_versions SET is_published = 1, published_timestamp = ?,
    last_modification_timestamp = ?, published_engine_version = ?
    WHERE agent_id = ? AND version = ? AND is_published = 0`);
  const publishEngine = db.prepare(
    'UPDATE engine_versions SET is_published = 1 WHERE kind = ? AND id = ? AND version = ?',
  );
  const reads = readConfig(db);
  const exists = db
    .prepare<[Cell, Cell], number>('SELECT 1 FROM agent_versions WHERE agent_id = ? AND version = ?')
    .pluck();
  const latest = db
    .prepare<[Cell], number | null>('SELECT max(version) FROM agent_versions WHERE agent_id = ?')
    .pluck();
  const draft = db.prepare(`INSERT INTO agent_versions SELECT agent_id, ?, channel, version, 0, NULL, ?, settings, NULL
    FROM agent_versions WHERE agent_id = ? AND version = ?`);
  const deletions = ['agents', 'agent_versions', 'tags'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE agent_id = ?`),
  );
  const agentExists = db.prepare<[Cell], number>('SELECT 1 FROM agents WHERE agent_id = ?').pluck();
  const assign = db.prepare(`INSERT INTO tags VALUES (?, ?, ?, ?, ?) ON CONFLICT (agent_id, tag) DO UPDATE SET
    version = excluded.version, dynamic_variables = excluded.dynamic_variables,
    assigned_timestamp = excluded.assigned_timestamp`);
  const has = (agentId: Cell, version: Cell) => exists.get(agentId, version) !== undefined;
  return {
    createAgent(...cells: Cell[]) {
      if (createAgent.run(cells[0]!, cells[2]!).changes === 0) return 0;
      return createVersion.run(...cells).changes;
    },
    updateAgent(now: number, settings: string, agentId: string, version: number) {
      if (update.run(now, settings, agentId, version).changes === 1) return 'updated';
      return has(agentId, version) ? 'published' : 'unknown';
    },
    publishAgent(agentId: string, version: number, now: number) {
      const draft = reads.version(agentId, version);
      if (draft === undefined) return 'unknown';
      if (draft.is_published) return 'already';
      const engine = engineToPublish(reads, draft.settings);
      if (engine) publishEngine.run(engine.kind, engine.id, engine.version);
      publish.run(now, now, engine?.version ?? null, agentId, version);
      return 'published';
    },
    /** The new draft's number; null where there is no such base. */
    createAgentVersion(agentId: string, baseVersion: number, now: number) {
      const version = (latest.get(agentId) ?? -1) + 1;
      return draft.run(version, now, agentId, baseVersion).changes === 1 ? version : null;
    },
    deleteAgent: (agentId: string) => deletions.map((remove) => remove.run(agentId).changes)[0] ?? 0,
    assignTag(...cells: Cell[]) {
      const [agentId, version] = [cells[0]!, cells[2]!];
      const known = version === null ? agentExists.get(agentId) !== undefined : has(agentId, version);
      return known ? assign.run(...cells).changes : 0;
    },
  };
}

/** Handlers of the key and meta commands. */
export function writeKeys(db: Database): WriteHandlers {
  const clearMark = db.prepare('UPDATE api_keys SET signs = 0 WHERE signs = 1');
  const add = db.prepare('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?)');
  const revoke = db.prepare(
    'UPDATE api_keys SET signs = 0, revoked_timestamp = ? WHERE key_id = ? AND revoked_timestamp IS NULL',
  );
  const live = db
    .prepare<[Cell], number>('SELECT 1 FROM api_keys WHERE key_id = ? AND revoked_timestamp IS NULL')
    .pluck();
  const promote = db.prepare('UPDATE api_keys SET signs = (key_id = ?) WHERE signs = 1 OR key_id = ?');
  const putMeta = db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
  return {
    addKey(...cells: Cell[]) {
      if (cells[4] === 1) clearMark.run();
      return add.run(...cells).changes;
    },
    revokeKey: (keyId: string, now: number) => revoke.run(now, keyId).changes,
    promoteKey(keyId: string) {
      if (live.get(keyId) === undefined) return 0;
      promote.run(keyId, keyId);
      return 1;
    },
    putMeta: (name: string, value: string) => putMeta.run(name, value).changes,
  };
}
