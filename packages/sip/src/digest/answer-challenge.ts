import { weakness } from './algorithm.ts';
import { type DigestChallenge, parseChallenges } from './challenge.ts';
import { type DigestCredentials, serializeCredentials } from './credentials.ts';
import { digestResponse } from './response.ts';

/** A challenge to answer. */
export interface ChallengeToAnswer {
  /** The values of all WWW-Authenticate (401) or all Proxy-Authenticate (407) headers of the response. */
  readonly challenges: readonly string[];
  readonly method: string;
  /** The Request-URI of the request that is sent again. */
  readonly uri: string;
  readonly username: string;
  readonly password: string;
  /** A fresh token for the client's nonce; at least 64 random bits. */
  readonly random: () => string;
  /** How often this nonce has been used, with this one; default 1. */
  readonly nonceCount?: number;
}

/** The header value to send, and the challenge it answers: a `stale` one may be answered again. */
export interface ChallengeAnswer {
  readonly credentials: string;
  readonly challenge: DigestChallenge;
}

/**
 * Answers a 401 (as Authorization) or a 407 (as Proxy-Authorization). Of several challenges the one with the strongest
 * hash is taken (RFC 8760 2.4), so that nobody talks us down to MD5. Without `qop` it is answered as RFC 2069 has it.
 * undefined where none can be answered: another scheme, an unknown algorithm, only auth-int.
 */
export function answerChallenge(ask: ChallengeToAnswer): ChallengeAnswer | undefined {
  const [challenge] = ask.challenges
    .flatMap(parseChallenges)
    .filter(({ qop }) => qop.length === 0 || qop.includes('auth'))
    .sort((one, other) => weakness(one.algorithm) - weakness(other.algorithm));
  if (!challenge) return undefined;
  const { realm, nonce, algorithm, opaque } = challenge;
  const needsCnonce = challenge.qop.length > 0;
  // RFC 2069 knows no client's nonce, which -sess cannot do without.
  if (algorithm.session && !needsCnonce) return undefined;
  const unsigned: Omit<DigestCredentials, 'response'> = {
    username: ask.username,
    realm,
    nonce,
    uri: ask.uri,
    algorithm,
    ...(opaque !== undefined && { opaque }),
    ...(needsCnonce && { qop: { name: 'auth', count: ask.nonceCount ?? 1, cnonce: ask.random() } }),
  };
  const response = digestResponse(unsigned, { method: ask.method, secret: { password: ask.password } });
  if (response === undefined) return undefined;
  return { credentials: serializeCredentials({ ...unsigned, response }), challenge };
}
