/** API keys, the store's own small values and the audit log in memory. */
import type { AuditCommands, KeyCommands } from '../port.ts';
import { copyOf, type MemoryData } from './data.ts';
import { listPage } from './list-page.ts';

/** The key commands over shared data. */
export function createMemoryKeys(data: MemoryData): KeyCommands {
  return {
    listKeys: async () => [...data.keys.values()],
    async addKey(given) {
      const row = copyOf(given);
      if (data.keys.has(row.key_id)) throw new Error(`There already is a key ${row.key_id}.`);
      if (row.signs) clearSigningMark(data);
      data.keys.set(row.key_id, row);
    },
    async revokeKey(keyId, now) {
      const row = data.keys.get(keyId);
      if (row === undefined || row.revoked_timestamp !== undefined) return false;
      data.keys.set(keyId, { ...row, signs: false, revoked_timestamp: now });
      return true;
    },
    async markKeyUsed(keyId, now) {
      const row = data.keys.get(keyId);
      if (row !== undefined) data.keys.set(keyId, { ...row, last_used_timestamp: now });
    },
    async promoteKey(keyId) {
      const row = data.keys.get(keyId);
      if (row === undefined || row.revoked_timestamp !== undefined) return false;
      clearSigningMark(data);
      data.keys.set(keyId, { ...row, signs: true });
      return true;
    },
    getMeta: async (name) => data.meta.get(name),
    async putMeta(name, value) {
      data.meta.set(name, value);
    },
  };
}

function clearSigningMark(data: MemoryData): void {
  for (const [keyId, row] of data.keys) if (row.signs) data.keys.set(keyId, { ...row, signs: false });
}

/** The audit log over shared data. */
export function createMemoryAudit(data: MemoryData): AuditCommands {
  return {
    async recordAudit(entry) {
      data.audit.push(copyOf(entry));
    },
    async listAudit(request) {
      const rows = data.audit.map((value, index) => ({ key: [index, 0] as const, value }));
      return listPage(rows, request);
    },
  };
}
