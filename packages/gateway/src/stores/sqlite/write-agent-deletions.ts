/** Deletions of agents and of versions, as the writer thread does them: refused where something else needs them. */
import type { Database } from 'better-sqlite3';
import { MOST_USERS, namesVersion } from '../agents-of-number.ts';
import type { AgentVersionRow } from '../port.ts';
import { storedEngine } from '../resolve-target.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import { readConfig } from './read-config.ts';
import { prepareEngineUsers } from './write-engines.ts';

/** Handlers of the deletions; those in the way are answered as a JSON list. */
export function writeAgentDeletions(db: Database): WriteHandlers {
  const reads = readConfig(db);
  const numbers = db.prepare<[Cell], { readonly phone_number: string; readonly settings: string }>(
    'SELECT phone_number, settings FROM number_agents JOIN numbers ON numbers.id = number WHERE agent_id = ?',
  );
  const deletions = ['agents', 'agent_versions', 'tags'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE agent_id = ?`),
  );
  const count = db.prepare<[Cell], number>('SELECT count(*) FROM agent_versions WHERE agent_id = ?').pluck();
  const deleteVersion = db.prepare('DELETE FROM agent_versions WHERE agent_id = ? AND version = ?');
  const deleteDraft = prepareDraftDeletion(db);
  const usersOf = (row: AgentVersionRow): string[] => {
    const tags = row.tags.map((tag) => `tag ${tag}`);
    const found: string[] = [];
    for (const { phone_number, settings } of numbers.iterate(row.agent_id)) {
      if (namesVersion(JSON.parse(settings), row.agent_id, row.version)) found.push(phone_number);
      if (found.length >= MOST_USERS) break;
    }
    return [...tags, ...found].slice(0, MOST_USERS);
  };
  return {
    deleteAgent(agentId: string) {
      const users: string[] = [];
      for (const { phone_number } of numbers.iterate(agentId)) {
        users.push(phone_number);
        if (users.length >= MOST_USERS) break;
      }
      if (users.length > 0) return JSON.stringify(users);
      return deletions.map((remove) => remove.run(agentId).changes)[0] ?? 0;
    },
    deleteAgentVersion(agentId: string, version: number) {
      const row = reads.version(agentId, version);
      if (row === undefined) return 0;
      const users = usersOf(row);
      if (users.length > 0) return JSON.stringify(users);
      if (count.get(agentId) === 1) return 'only';
      deleteVersion.run(agentId, version);
      deleteDraft(row);
      return 1;
    },
  };
}

/** Deletes the engine's draft that only this version named; the engine keeps one version at least. */
function prepareDraftDeletion(db: Database): (row: AgentVersionRow) => void {
  const users = prepareEngineUsers(db);
  const remove = db.prepare(`DELETE FROM engine_versions WHERE kind = ? AND id = ? AND version = ?
    AND is_published = 0 AND (SELECT count(*) FROM engine_versions WHERE kind = ? AND id = ?) > 1`);
  return (row) => {
    const engine = storedEngine(row.settings['response_engine']);
    if (!('id' in engine) || engine.version === undefined) return;
    const others = users
      .all(engine.id, engine.kind)
      .map((user) => storedEngine(JSON.parse(user.settings).response_engine));
    const isNamed = others.some((other) => 'id' in other && (other.version ?? engine.version) === engine.version);
    if (!isNamed) remove.run(engine.kind, engine.id, engine.version, engine.kind, engine.id);
  };
}
