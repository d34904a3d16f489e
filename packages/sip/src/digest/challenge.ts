import { algorithmName, type DigestAlgorithm, parseAlgorithm } from './algorithm.ts';
import { parseAuthParams, quote } from './auth-params.ts';

/** What a server asks for (RFC 7616 3.3). */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** Empty where the server knows none (RFC 2069). */
  readonly qop: readonly string[];
  /** The credentials were right, but the nonce is no longer good: the same again with this one. */
  readonly stale: boolean;
  readonly opaque?: string;
}

/** The Digest challenges of a header value that are understood here; others and other schemes are left out. */
export function parseChallenges(value: string): readonly DigestChallenge[] {
  return (parseAuthParams(value) ?? []).flatMap(({ scheme, params }) => {
    const [realm, nonce, opaque] = [params.get('realm'), params.get('nonce'), params.get('opaque')];
    const algorithm = parseAlgorithm(params.get('algorithm'));
    if (scheme.toLowerCase() !== 'digest' || realm === undefined || nonce === undefined || !algorithm) return [];
    const qop = (params.get('qop') ?? '')
      .split(',')
      .map((one) => one.trim().toLowerCase())
      .filter((one) => one !== '');
    const stale = params.get('stale')?.toLowerCase() === 'true';
    return [{ realm, nonce, algorithm, qop, stale, ...(opaque !== undefined && { opaque }) }];
  });
}

/** Writes a challenge as a header value. `algorithm` is not quoted, as RFC 3261 25.1 has it. */
export function serializeChallenge(challenge: DigestChallenge): string {
  const { realm, nonce, algorithm, qop, stale, opaque } = challenge;
  const parts = [`realm=${quote(realm)}`, `nonce=${quote(nonce)}`];
  if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
  if (stale) parts.push('stale=true');
  parts.push(`algorithm=${algorithmName(algorithm)}`);
  if (qop.length > 0) parts.push(`qop=${quote(qop.join(','))}`);
  return `Digest ${parts.join(', ')}`;
}
