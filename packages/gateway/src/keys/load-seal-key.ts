/** The seal key: from the environment, else from the data folder; checked against what the store was sealed with. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyCommands } from '../stores/port.ts';
import { CannotOpen, createSeal, type Seal, sealKeyId } from './seal.ts';
import { writeSecret } from './write-secret.ts';

const KEY_BYTES = 32;
const CHECK_NAME = 'seal_check';
const CHECK_TEXT = 'pickup';

/** The seal key is malformed, missing or not the one the store was sealed with: the gateway must not start. */
export class SealKeyRefused extends Error {
  override readonly name = 'SealKeyRefused';
}

export interface LoadSealKeyOptions {
  /** The data folder; holds `seal.key`. */
  readonly home: string;
  /** PICKUP_SEAL_KEY: 32 bytes as base64 or hex. Default: `<home>/seal.key`, made where the store is new. */
  readonly fromEnv?: string;
  readonly store: Pick<KeyCommands, 'getMeta' | 'putMeta'>;
  readonly log: { warn(message: string, fields?: object): void };
}

/** The seal to use from now on. Throws SealKeyRefused; never makes a key for a store that has sealed rows. */
export async function loadSealKey(options: LoadSealKeyOptions): Promise<Seal> {
  const { home, fromEnv, store } = options;
  const check = await store.getMeta(CHECK_NAME);
  const file = join(home, 'seal.key');
  const origin = fromEnv === undefined ? file : 'PICKUP_SEAL_KEY';
  const text = fromEnv ?? (await readIfThere(file)) ?? (await makeKey(file, check, options));
  const key = parseSealKey(text, origin);
  const id = sealKeyId(key);
  const seal = createSeal({ keys: [{ id, key }], current: id });
  if (check === undefined) await store.putMeta(CHECK_NAME, seal.seal(CHECK_TEXT, CHECK_NAME));
  else refuseWrongKey(seal, check, origin);
  return seal;
}

/** 32 bytes from base64, base64url or hex. Throws SealKeyRefused, which names the origin and never the key. */
export function parseSealKey(text: string, origin: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  const bytes = /^[\w+/-]{43}=?$/.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
  if (bytes?.length === KEY_BYTES) return bytes;
  throw new SealKeyRefused(
    `${origin} must be ${KEY_BYTES} bytes, as base64 (44 characters) or hex (64); it has ${trimmed.length} characters. ` +
      'Make one with: openssl rand -base64 32',
  );
}

async function makeKey(file: string, check: string | undefined, { log }: LoadSealKeyOptions): Promise<string> {
  if (check !== undefined) {
    throw new SealKeyRefused(
      `The store holds sealed secrets, but there is no seal key: PICKUP_SEAL_KEY is not set and ${file} does not exist. ` +
        'Give back the key it was sealed with.',
    );
  }
  const text = randomBytes(KEY_BYTES).toString('base64');
  await writeSecret(file, text);
  log.warn(
    'A seal key was made and lies beside the data it protects. Keep a copy, or set PICKUP_SEAL_KEY from a secret store.',
    { file },
  );
  return text;
}

function refuseWrongKey(seal: Seal, check: string, origin: string): void {
  try {
    if (seal.open(check, CHECK_NAME) === CHECK_TEXT) return;
  } catch (error) {
    if (!(error instanceof CannotOpen)) throw error;
  }
  throw new SealKeyRefused(`The key in ${origin} is not the one this store was sealed with. Give back that key.`);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}
