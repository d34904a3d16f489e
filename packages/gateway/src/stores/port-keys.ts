/** The store's commands for API keys, for small values of its own, and for the audit log. */
import type { Page, PageRequest } from './port.ts';

export interface ApiKeyRow {
  readonly key_id: string;
  /** SHA-256 of the key, hex: logins are compared by it in constant time. */
  readonly login_hash: string;
  /** The key itself, sealed: needed to sign. */
  readonly sealed_key: string;
  /** `webhook`: it may sign, and open nothing. */
  readonly role: 'full' | 'read_only' | 'webhook';
  /** The one key that signs webhooks (B2). */
  readonly signs: boolean;
  readonly created_timestamp: number;
  readonly revoked_timestamp?: number;
  /** When it last opened the API or signed, to the minute. */
  readonly last_used_timestamp?: number;
}

export interface KeyCommands {
  listKeys(): Promise<readonly ApiKeyRow[]>;
  addKey(row: ApiKeyRow): Promise<void>;
  revokeKey(keyId: string, now: number): Promise<boolean>;
  /** Sets `last_used_timestamp`. */
  markKeyUsed(keyId: string, now: number): Promise<void>;
  /** Moves the signing mark to this key, in one commit. */
  promoteKey(keyId: string): Promise<boolean>;
  /** Small values about the store itself, such as the seal's check value. */
  getMeta(name: string): Promise<string | undefined>;
  putMeta(name: string, value: string): Promise<void>;
}

/** One change that was made. */
export interface AuditEntry {
  /** Epoch ms. */
  readonly timestamp: number;
  /** The key that made it; `system` for the gateway at its start. */
  readonly key_id: string;
  /** The route, as `PATCH /update-agent/{agent_id}`, or the name of a setting. */
  readonly action: string;
  /** Ids of what was changed or made. */
  readonly target: Readonly<Record<string, string>>;
  /** Names of the members that were sent, never their values. */
  readonly fields: readonly string[];
}

export interface AuditCommands {
  recordAudit(entry: AuditEntry): Promise<void>;
  listAudit(request: PageRequest): Promise<Page<AuditEntry>>;
}
