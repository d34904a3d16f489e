/**
 * The API keys: who may log in, and the one key that signs webhooks (B2). Kept in memory and read anew
 * after every change made here, before that change's promise settles.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import type { ApiKeyRow, KeyCommands } from '../stores/port.ts';
import type { Seal } from './seal.ts';
import { writeSecret } from './write-secret.ts';

const KEY_ENTROPY_BYTES = 24;
const USE_NOTED_EVERY_MS = 60_000;

export interface KeyIds {
  /** An id for a key's row. */
  keyId(): string;
  /** A new key, at least 128 random bits. */
  apiKey(): string;
}

export interface KeyRingOptions {
  readonly store: KeyCommands;
  readonly seal: Seal;
  readonly clock: { wallMs(): number };
  /** Default: random. */
  readonly ids?: KeyIds;
  /** The data folder; a key that is made is written to `<home>/api-key`. */
  readonly home: string;
  readonly log: { warn(message: string, fields?: object): void };
}

export interface KeyHolder {
  readonly key_id: string;
  readonly role: ApiKeyRow['role'];
}

export interface ListedKey extends KeyHolder {
  /** The one key that signs webhooks (B2). */
  readonly signs: boolean;
  /** Epoch ms. */
  readonly created_timestamp: number;
  readonly revoked_timestamp?: number;
  /** When it last opened the API or signed, to the minute; absent where it never did. */
  readonly last_used_timestamp?: number;
}

export interface KeyRing {
  /**
   * Reads the keys. Without any, the given one becomes the first, else one is made and written to
   * `<home>/api-key` (mode 0600), whose path is returned. A given key that is unknown to a store with keys
   * is added without the signing mark; one that was revoked stays so.
   */
  bootstrap(apiKeyFromEnv?: string): Promise<{ readonly written_to?: string }>;
  /** Whose key this is; undefined for an unknown or revoked one (case 86). */
  authenticate(presented: string): KeyHolder | undefined;
  /** The key that signs at this moment. Throws before bootstrap. */
  signingKey(): string;
  /** Makes a key; only here is it seen in the clear. */
  add(role: ApiKeyRow['role']): Promise<{ readonly key_id: string; readonly api_key: string }>;
  /** Moves the signing mark. False where there is no such live key. */
  promote(keyId: string): Promise<boolean>;
  /** `signs`: the signing key is not revoked, promote another first. `last_full`: nobody could make another key. */
  revoke(keyId: string): Promise<'revoked' | 'unknown' | 'signs' | 'last_full'>;
  /** Every key, the oldest first; revoked ones too, never the key itself. */
  list(): Promise<readonly ListedKey[]>;
}

interface LiveKey {
  readonly holder: KeyHolder;
  readonly hash: Buffer;
  readonly signs: boolean;
}

/** Call `bootstrap` before anything else. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { store, seal, clock, home, log, ids = RANDOM_IDS } = options;
  let live: readonly LiveKey[] = [];
  let signing: { readonly key_id: string; readonly key: string } | undefined;
  const marked = new Map<string, number>();

  const reload = async (): Promise<readonly ApiKeyRow[]> => {
    const rows = await store.listKeys();
    const signer = rows.find((row) => row.signs && row.revoked_timestamp === undefined);
    signing = signer && { key_id: signer.key_id, key: seal.open(signer.sealed_key, signer.key_id) };
    live = rows.filter((row) => row.revoked_timestamp === undefined).map(toLiveKey);
    return rows;
  };
  /** A use within a minute of the one noted is not worth a write; one that cannot be written now comes again. */
  const noteUse = (keyId: string) => {
    const now = clock.wallMs();
    const last = marked.get(keyId);
    if (last !== undefined && Math.abs(now - last) < USE_NOTED_EVERY_MS) return;
    marked.set(keyId, now);
    store.markKeyUsed(keyId, now).catch(() => marked.delete(keyId));
  };
  const save = async (apiKey: string, role: ApiKeyRow['role'], signs: boolean): Promise<string> => {
    const key_id = ids.keyId();
    const sealed_key = seal.seal(apiKey, key_id);
    const login_hash = sha256(apiKey).toString('hex');
    await store.addKey({ key_id, login_hash, sealed_key, role, signs, created_timestamp: clock.wallMs() });
    await reload();
    return key_id;
  };
  const makeFirst = async (): Promise<{ readonly written_to: string }> => {
    const apiKey = ids.apiKey();
    const file = join(home, 'api-key');
    // The file first: a crash in between leaves a file without a key, never a key that nobody knows.
    await writeSecret(file, apiKey);
    await save(apiKey, 'full', true);
    return { written_to: file };
  };
  return {
    async bootstrap(apiKeyFromEnv) {
      const rows = await reload();
      if (apiKeyFromEnv === undefined) return live.length === 0 ? makeFirst() : {};
      const hash = sha256(apiKeyFromEnv).toString('hex');
      const known = rows.find((row) => row.login_hash === hash);
      if (known?.revoked_timestamp !== undefined) {
        log.warn('PICKUP_API_KEY holds a key that was revoked; it stays revoked.', { key_id: known.key_id });
      }
      if (known === undefined) await save(apiKeyFromEnv, 'full', signing === undefined);
      return live.length === 0 ? makeFirst() : {};
    },
    authenticate(presented) {
      const hash = sha256(presented);
      let found: KeyHolder | undefined;
      // Every key is compared, so that the time taken does not tell which one came near.
      for (const one of live) if (timingSafeEqual(one.hash, hash)) found = one.holder;
      if (found) noteUse(found.key_id);
      return found;
    },
    signingKey() {
      if (signing === undefined) throw new Error('No API key is marked for signing.');
      noteUse(signing.key_id);
      return signing.key;
    },
    async add(role) {
      const api_key = ids.apiKey();
      return { key_id: await save(api_key, role, false), api_key };
    },
    async promote(keyId) {
      const moved = await store.promoteKey(keyId);
      await reload();
      return moved;
    },
    async revoke(keyId) {
      const asked = live.find((one) => one.holder.key_id === keyId);
      if (asked?.signs) return 'signs';
      if (asked?.holder.role === 'full' && live.filter((one) => one.holder.role === 'full').length === 1) {
        return 'last_full';
      }
      const revoked = await store.revokeKey(keyId, clock.wallMs());
      await reload();
      return revoked ? 'revoked' : 'unknown';
    },
    async list() {
      return (await store.listKeys()).map(({ login_hash: _hash, sealed_key: _key, ...shown }) => shown);
    },
  };
}

const RANDOM_IDS: KeyIds = {
  keyId: () => `api_key_${randomBytes(8).toString('hex')}`,
  apiKey: () => `key_${randomBytes(KEY_ENTROPY_BYTES).toString('hex')}`,
};

function toLiveKey(row: ApiKeyRow): LiveKey {
  const holder = { key_id: row.key_id, role: row.role };
  return { holder, hash: Buffer.from(row.login_hash, 'hex'), signs: row.signs };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
