/**
 * Digest for requests that come in (RFC 3261 22, RFC 8760). Nothing is remembered for a challenge: nonces are signed.
 * What a nonce was used for is remembered only once its credentials proved right, so strangers cost no memory.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { HeaderInput } from '../message/index.ts';
import type { DigestHash } from './algorithm.ts';
import { serializeChallenge } from './challenge.ts';
import { type DigestCredentials, parseCredentials } from './credentials.ts';
import { NonceSigner } from './nonce-signer.ts';
import { NonceUse } from './nonce-use.ts';
import { type DigestSecret, digestResponse } from './response.ts';

export interface DigestVerifierOptions {
  readonly clock: Pick<Clock, 'monoMs'>;
  /** A fresh token; at least 64 random bits, token characters. */
  readonly random: () => string;
  /** What users know the place by. */
  readonly realm: string;
  /** What is offered, in this order; default SHA-256, then MD5. */
  readonly offered?: readonly DigestHash[];
  /** How long a nonce is good; default 5 minutes. */
  readonly nonceLifetimeMs?: number;
  /** How many nonces in use are remembered; default 20,000. */
  readonly mostNonces?: number;
}

/** A request to judge. */
export interface DigestAttempt {
  readonly method: string;
  /** The values of its Authorization headers. */
  readonly authorization: readonly string[];
  /** The secret of a user; undefined for one who is unknown. A guess is hashed all the same, so that none is told. */
  readonly secretOf: (username: string) => DigestSecret | undefined;
  /** Does the URI that was signed fit the request? Default: any does, since proxies rewrite Request-URIs. */
  readonly fits?: (uri: string) => boolean;
}

/**
 * `stale`: the password was right, but the nonce is too old, not of this process, or its count was used before.
 * What is `missing` has no credentials for this realm.
 */
export type DigestVerdict =
  | { readonly verdict: 'right'; readonly username: string }
  | { readonly verdict: 'missing' | 'wrong' | 'stale' };

/** One realm's challenges and the judge of their answers. */
export interface DigestVerifier {
  /** The WWW-Authenticate headers of a 401, one for each hash offered; all have the same fresh nonce. */
  challenge(options?: { readonly stale?: boolean }): HeaderInput;
  verify(attempt: DigestAttempt): DigestVerdict;
  /** Nonces remembered now. */
  readonly remembered: number;
}

/** The default; auth-int is never offered, as anything on the way that touches the body breaks it. */
const bothHashes: readonly DigestHash[] = ['SHA-256', 'MD5'];
/** Longer parameters are of no honest client, and need not be hashed. */
const maxCredentialsLength = 4_096;
/** Stands for the secret of users nobody knows. */
const nobody: DigestSecret = { password: '' };

/** Opens a realm. Nonces of an earlier process are answered with `stale`, so that restarts cost a client one round. */
export function createDigestVerifier(options: DigestVerifierOptions): DigestVerifier {
  const { clock, random, realm, offered = bothHashes } = options;
  const { nonceLifetimeMs: lifetimeMs = 300_000, mostNonces: most = 20_000 } = options;
  const signer = new NonceSigner(`${random()}${random()}`, random);
  const uses = new NonceUse({ most, lifetimeMs });
  const isFresh = ({ nonce, qop }: DigestCredentials): boolean => {
    const nowMs = clock.monoMs();
    const madeAt = signer.madeAt(nonce);
    if (madeAt === undefined || nowMs - madeAt > lifetimeMs) return false;
    // Without a count a nonce is good for one request.
    return uses.take(nonce, { madeAt, count: qop?.count ?? 1, nowMs });
  };
  return {
    challenge({ stale = false } = {}) {
      const nonce = signer.make(clock.monoMs());
      const of = (hash: DigestHash) =>
        serializeChallenge({ realm, nonce, algorithm: { hash, session: false }, qop: ['auth'], stale });
      return offered.map((hash) => ['WWW-Authenticate', of(hash)] as const);
    },
    verify({ method, authorization, secretOf, fits }) {
      const shown = authorization
        .filter((value) => value.length <= maxCredentialsLength)
        .map(parseCredentials)
        .find((credentials) => credentials?.realm === realm);
      if (!shown) return { verdict: 'missing' };
      const known = secretOf(shown.username);
      const isOffered = !shown.algorithm.session && offered.includes(shown.algorithm.hash);
      const expected = isOffered ? expectedResponse(shown, method, known ?? nobody) : undefined;
      const isRight = isSame(shown.response.toLowerCase(), expected ?? '') && known !== undefined;
      if (!isRight || expected === undefined || fits?.(shown.uri) === false) return { verdict: 'wrong' };
      return isFresh(shown) ? { verdict: 'right', username: shown.username } : { verdict: 'stale' };
    },
    get remembered() {
      return uses.size;
    },
  };
}

/** undefined for a protection that was never offered. */
function expectedResponse(shown: DigestCredentials, method: string, secret: DigestSecret): string | undefined {
  if (shown.qop && shown.qop.name !== 'auth') return undefined;
  return digestResponse(shown, { method, secret });
}

/** Compares in a time that tells nothing of either, whatever their lengths. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
