import { createHash } from 'node:crypto';

/** The hash functions of RFC 8760, strongest first; each may carry `-sess`. */
const hashes = { 'SHA-512-256': 'sha512-256', 'SHA-256': 'sha256', MD5: 'md5' } as const;

/** A hash function by its registered name. */
export type DigestHash = keyof typeof hashes;

/** What a challenge's `algorithm` says. */
export interface DigestAlgorithm {
  readonly hash: DigestHash;
  /** `-sess`: nonce and cnonce are hashed into A1. */
  readonly session: boolean;
}

/** Reads `algorithm`, in any case; MD5 where there is none (RFC 3261 22.4), undefined for one that is unknown here. */
export function parseAlgorithm(text: string | undefined): DigestAlgorithm | undefined {
  const wanted = (text ?? 'MD5').toUpperCase();
  const session = wanted.endsWith('-SESS');
  const name = session ? wanted.slice(0, -'-SESS'.length) : wanted;
  return isHash(name) ? { hash: name, session } : undefined;
}

/** The registered name of an algorithm. */
export function algorithmName({ hash, session }: DigestAlgorithm): string {
  return session ? `${hash}-sess` : hash;
}

/** How strong an algorithm's hash is: the smaller, the stronger. */
export function weakness({ hash }: DigestAlgorithm): number {
  return Object.keys(hashes).indexOf(hash);
}

/** H(text), lower-case hex. Text is taken as UTF-8. */
export function digestHash(hash: DigestHash, text: string): string {
  return createHash(hashes[hash]).update(text, 'utf8').digest('hex');
}

function isHash(name: string): name is DigestHash {
  return Object.hasOwn(hashes, name);
}
