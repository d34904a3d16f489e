/** The key and meta commands. */
import type { Database } from 'better-sqlite3';
import type { ApiKeyRow, KeyCommands } from '../port.ts';
import type { Writer } from './writer.ts';

interface KeyCells extends Omit<ApiKeyRow, 'signs' | 'revoked_timestamp' | 'last_used_timestamp'> {
  readonly signs: number;
  readonly revoked_timestamp: number | null;
  readonly last_used_timestamp: number | null;
}

/** Writes through the writer, reads from `db`. */
export function createKeys(writer: Writer, db: Database): KeyCommands {
  const list = db.prepare<[], KeyCells>('SELECT * FROM api_keys ORDER BY created_timestamp, key_id');
  const meta = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
  return {
    listKeys: async () => list.all().map(toKey),
    async addKey(row) {
      const { key_id, login_hash, sealed_key, role, signs, created_timestamp } = row;
      const cells = [key_id, login_hash, sealed_key, role, signs ? 1 : 0, created_timestamp];
      await writer.send('addKey', [...cells, row.revoked_timestamp ?? null, row.last_used_timestamp ?? null]);
    },
    async markKeyUsed(keyId, now) {
      await writer.send('markKeyUsed', [now, keyId]);
    },
    revokeKey: async (keyId, now) => (await writer.send('revokeKey', [keyId, now])) === 1,
    promoteKey: async (keyId) => (await writer.send('promoteKey', [keyId])) === 1,
    getMeta: async (name) => meta.get(name),
    async putMeta(name, value) {
      await writer.send('putMeta', [name, value]);
    },
  };
}

function toKey({ signs, revoked_timestamp, last_used_timestamp, ...plain }: KeyCells): ApiKeyRow {
  return {
    ...plain,
    signs: signs === 1,
    ...(revoked_timestamp !== null && { revoked_timestamp }),
    ...(last_used_timestamp !== null && { last_used_timestamp }),
  };
}
