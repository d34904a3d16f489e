/** Agents, their versions and tags, as the writer thread does them. */
import type { Database } from 'better-sqlite3';
import { forkVersion, pinned } from '../fork-version.ts';
import { engineToPublish } from '../resolve-target.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import { readConfig } from './read-config.ts';
import { engineCells, prepareEngineInsert } from './write-engines.ts';

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
  const drafts = db.prepare<[Cell], { readonly version: number; readonly settings: string }>(
    'SELECT version, settings FROM agent_versions WHERE agent_id = ? AND is_published = 0',
  );
  const setSettings = db.prepare('UPDATE agent_versions SET settings = ? WHERE agent_id = ? AND version = ?');
  const insertEngine = prepareEngineInsert(db);
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
      const base = reads.version(agentId, baseVersion);
      if (base === undefined) return null;
      const version = (latest.get(agentId) ?? -1) + 1;
      const { settings, engine, pin } = forkVersion(reads, base, version, now);
      if (engine) insertEngine(...engineCells(engine));
      for (const draft of engine && pin !== undefined ? drafts.all(agentId) : []) {
        const kept = pinned(JSON.parse(draft.settings), engine!, pin!);
        if (kept) setSettings.run(JSON.stringify(kept), agentId, draft.version);
      }
      createVersion.run(agentId, version, base.channel, baseVersion, 0, null, now, JSON.stringify(settings), null);
      return version;
    },
    assignTag(...cells: Cell[]) {
      const [agentId, version] = [cells[0]!, cells[2]!];
      const known = version === null ? agentExists.get(agentId) !== undefined : has(agentId, version);
      return known ? assign.run(...cells).changes : 0;
    },
  };
}
