/** HMAC-SHA256 by Web Crypto alone, so that it runs in Node, Cloudflare Workers, Deno, Bun and at the edge. */
import { signedStamp } from '@pickup/signature';

const ALGORITHM = { name: 'HMAC', hash: 'SHA-256' } as const;
const encoder = new TextEncoder();

/** One API key, imported once. */
export interface HmacKey {
  /** Whether `digest` (hex, lower case) is this key's over body and stamp; compared in constant time. */
  verify(digest: string, body: Uint8Array, stampMs: number): Promise<boolean>;
  /** This key's digest over body and stamp, in lower-case hex. */
  sign(body: Uint8Array, stampMs: number): Promise<string>;
}

/** Imports a key at its first use. */
export function hmacKey(secret: string): HmacKey {
  // The key and not its promise: in a Worker a promise belongs to the request that made it.
  let imported: Awaited<ReturnType<typeof crypto.subtle.importKey>> | undefined;
  const key = async () => {
    imported ??= await crypto.subtle.importKey('raw', encoder.encode(secret), ALGORITHM, false, ['sign', 'verify']);
    return imported;
  };
  return {
    verify: async (digest, body, stampMs) =>
      crypto.subtle.verify('HMAC', await key(), bytesOfHex(digest), signedBytes(body, stampMs)),
    sign: async (body, stampMs) => {
      const digest = await crypto.subtle.sign('HMAC', await key(), signedBytes(body, stampMs));
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}

function signedBytes(body: Uint8Array, stampMs: number): Uint8Array<ArrayBuffer> {
  const stamp = encoder.encode(signedStamp(stampMs));
  const bytes = new Uint8Array(body.length + stamp.length);
  bytes.set(body);
  bytes.set(stamp, body.length);
  return bytes;
}

function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
