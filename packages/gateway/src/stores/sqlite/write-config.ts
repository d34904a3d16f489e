/** Numbers, knowledge bases and keys, as the writer thread does them. */
import type { Database, Statement } from 'better-sqlite3';
import { agentsOf } from '../agents-of-number.ts';
import type { Cell, WriteHandlers } from './cells.ts';

/** Handlers of the number and knowledge base commands. */
export function writeNumbers(db: Database): WriteHandlers {
  const create = db.prepare('INSERT INTO numbers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const replace = db.prepare(`INSERT INTO numbers VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    settings = excluded.settings, sealed_auth_password = excluded.sealed_auth_password,
    sealed_sip_inbound_password = excluded.sealed_sip_inbound_password
    WHERE phone_number = excluded.phone_number`);
  const remove = db.prepare('DELETE FROM numbers WHERE id = ? AND phone_number = ?');
  const putKnowledgeBase = db.prepare(
    `INSERT INTO knowledge_bases (id, name, was_settled) VALUES (?, ?, 1)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
  );
  const forgetAgents = db.prepare('DELETE FROM number_agents WHERE number = ?');
  const addAgent = db.prepare('INSERT INTO number_agents VALUES (?, ?) ON CONFLICT DO NOTHING');
  const put = (statement: Statement<Cell[]>, cells: readonly Cell[]) => {
    if (statement.run(...cells).changes === 0) return 0;
    const [id, , settings] = cells;
    forgetAgents.run(id!);
    for (const agentId of agentsOf(JSON.parse(settings as string))) addAgent.run(agentId, id!);
    return 1;
  };
  return {
    createNumber: (...cells: Cell[]) => put(create, cells),
    replaceNumber: (...cells: Cell[]) => put(replace, cells),
    deleteNumber(id: number, phoneNumber: string) {
      if (remove.run(id, phoneNumber).changes === 0) return 0;
      forgetAgents.run(id);
      return 1;
    },
    putKnowledgeBase: (id: string, name: string) => putKnowledgeBase.run(id, name).changes,
  };
}

/** Handlers of the key and meta commands. */
export function writeKeys(db: Database): WriteHandlers {
  const clearMark = db.prepare('UPDATE api_keys SET signs = 0 WHERE signs = 1');
  const add = db.prepare('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const revoke = db.prepare(
    'UPDATE api_keys SET signs = 0, revoked_timestamp = ? WHERE key_id = ? AND revoked_timestamp IS NULL',
  );
  const used = db.prepare('UPDATE api_keys SET last_used_timestamp = ? WHERE key_id = ?');
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
    markKeyUsed: (now: number, keyId: string) => used.run(now, keyId).changes,
    promoteKey(keyId: string) {
      if (live.get(keyId) === undefined) return 0;
      promote.run(keyId, keyId);
      return 1;
    },
    putMeta: (name: string, value: string) => putMeta.run(name, value).changes,
  };
}
