/**
 * Sealing of secrets at rest: AES-256-GCM with a random nonce. The text names the key it was sealed with,
 * and is bound to a context, the row's id, so that a sealed value copied to another row does not open.
 * `v1.<key id>.<base64url of nonce, tag, ciphertext>`
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 'v1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed text that does not open: altered, of another row, or sealed with a key that is not here. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
}

export interface SealKey {
  /** Letters, digits, `-` and `_`. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

export interface Seal {
  seal(plaintext: string, context: string): string;
  /** Throws CannotOpen. */
  open(sealed: string, context: string): string;
}

/** The id of a key: the start of its SHA-256, which tells nothing about it. */
export function sealKeyId(key: Buffer): string {
  return createHash('sha256').update('pickup seal key id').update(key).digest('hex').slice(0, 12);
}

/** Seals with the key named `current`, opens with any. Throws where that is not among the keys or one has not 32 bytes. */
export function createSeal(options: { readonly keys: readonly SealKey[]; readonly current: string }): Seal {
  const keys = new Map(options.keys.map((one) => [one.id, one.key]));
  for (const { id, key } of options.keys) {
    if (!/^[\w-]+$/.test(id))
      throw new Error(`The seal key id "${id}" has characters other than letters, digits, - and _.`);
    if (key.length !== KEY_BYTES)
      throw new Error(`The seal key ${id} has ${key.length} bytes instead of ${KEY_BYTES}.`);
  }
  const current = keys.get(options.current);
  if (current === undefined) throw new Error(`The current seal key ${options.current} is not among the keys.`);
  return {
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(boundTo(options.current, context));
      const text = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return [VERSION, options.current, Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')].join(
        '.',
      );
    },
    open(sealed, context) {
      const [version, id = '', body = '', ...rest] = sealed.split('.');
      if (version !== VERSION || rest.length > 0) throw new CannotOpen('This is not a sealed text of a known form.');
      const key = keys.get(id);
      if (key === undefined) throw new CannotOpen(`It was sealed with the key ${id}, which is not here.`);
      return decrypt(key, Buffer.from(body, 'base64url'), boundTo(id, context));
    },
  };
}

function decrypt(key: Buffer, bytes: Buffer, bound: Buffer): string {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new CannotOpen('The sealed text is cut short.');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw new CannotOpen('The sealed text was altered or belongs to another row.');
  }
}

function boundTo(keyId: string, context: string): Buffer {
  return Buffer.from(`${VERSION}\n${keyId}\n${context}`);
}
