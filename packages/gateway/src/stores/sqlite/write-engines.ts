/** Engines, as the writer thread does them. */
import type { Database } from 'better-sqlite3';
import { MOST_USERS } from '../agents-of-number.ts';
import type { EngineVersionRow } from '../port.ts';
import type { Cell, WriteHandlers } from './cells.ts';

/** The expression of the index `agent_versions_by_engine`. */
const ENGINE_ID = `coalesce(json_extract(settings, '$.response_engine.llm_id'),
  json_extract(settings, '$.response_engine.conversation_flow_id'))`;

/** Creates a version, and the engine with its first; false where the version is there. */
export function prepareEngineInsert(db: Database): (...cells: Cell[]) => boolean {
  const insert = db.prepare('INSERT INTO engine_versions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const insertEngine = db.prepare('INSERT INTO engines (kind, id) VALUES (?, ?) ON CONFLICT DO NOTHING');
  return (...cells) => {
    if (insert.run(...cells).changes === 0) return false;
    insertEngine.run(cells[0]!, cells[1]!);
    return true;
  };
}

/** In the order of the table. */
export function engineCells(row: EngineVersionRow): Cell[] {
  const { kind, id, version, is_published, last_modification_timestamp, settings } = row;
  return [kind, id, version, is_published ? 1 : 0, last_modification_timestamp, JSON.stringify(settings)];
}

/** Finds the versions of agents that name an engine. */
export function prepareEngineUsers(db: Database) {
  return db.prepare<[Cell, Cell], { readonly agent_id: string; readonly version: number; readonly settings: string }>(
    `SELECT agent_id, version, settings FROM agent_versions
     WHERE ${ENGINE_ID} = ? AND json_extract(settings, '$.response_engine.type') = ?`,
  );
}

/** Handlers of the engine commands. */
export function writeEngines(db: Database): WriteHandlers {
  const insert = prepareEngineInsert(db);
  const users = prepareEngineUsers(db);
  const update = db.prepare(`UPDATE engine_versions SET is_published = ?, last_modification_timestamp = ?,
    settings = ? WHERE kind = ? AND id = ? AND version = ? AND is_published = 0`);
  const exists = db
    .prepare<[Cell, Cell, Cell], number>('SELECT 1 FROM engine_versions WHERE kind = ? AND id = ? AND version = ?')
    .pluck();
  const engineExists = db.prepare<[Cell, Cell], number>('SELECT 1 FROM engines WHERE kind = ? AND id = ?').pluck();
  const deletions = ['engines', 'engine_versions'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE kind = ? AND id = ?`),
  );
  return {
    createEngine: (...cells: Cell[]) => (insert(...cells) ? 1 : 0),
    updateEngine(...cells: Cell[]) {
      if (update.run(...cells).changes === 1) return 'updated';
      const [kind, id, version] = [cells[3]!, cells[4]!, cells[5]!];
      return exists.get(kind, id, version) === undefined ? 'unknown' : 'published';
    },
    /** The agents in the way as JSON, else how many engines went. */
    deleteEngine(kind: string, id: string, force: number) {
      if (engineExists.get(kind, id) === undefined) return 0;
      const inTheWay = force === 1 ? [] : [...new Set(users.all(id, kind).map((user) => user.agent_id))];
      if (inTheWay.length > 0) return JSON.stringify(inTheWay.slice(0, MOST_USERS));
      return deletions.map((remove) => remove.run(kind, id).changes)[0] ?? 0;
    },
  };
}
