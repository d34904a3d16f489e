import { type DigestHash, digestHash } from './algorithm.ts';
import { countText, type DigestCredentials } from './credentials.ts';

/** How a user is known: by the password, or by H(username:realm:password) for each hash that may be asked for. */
export type DigestSecret =
  | { readonly password: string }
  | { readonly ha1: Readonly<Partial<Record<DigestHash, string>>> };

/** H(username:realm:password) in lower-case hex: what a store may keep instead of the password. */
export function hashA1(
  hash: DigestHash,
  of: { readonly username: string; readonly realm: string; readonly password: string },
): string {
  return digestHash(hash, `${of.username}:${of.realm}:${of.password}`);
}

/**
 * The `response` that proves a secret (RFC 7616 3.4.1), lower-case hex; undefined where the secret has no H(A1) of the
 * hash asked for. `-sess` without a client's nonce takes an empty one.
 */
export function digestResponse(
  credentials: Omit<DigestCredentials, 'response'>,
  of: { readonly method: string; readonly secret: DigestSecret },
): string | undefined {
  const { username, realm, nonce, uri, algorithm, qop } = credentials;
  const { hash } = algorithm;
  const { secret } = of;
  const user = 'password' in secret ? hashA1(hash, { username, realm, password: secret.password }) : secret.ha1[hash];
  if (user === undefined) return undefined;
  const a1 = algorithm.session ? digestHash(hash, `${user}:${nonce}:${qop?.cnonce ?? ''}`) : user;
  const a2 = digestHash(hash, `${of.method}:${uri}`);
  const middle = qop ? `${nonce}:${countText(qop.count)}:${qop.cnonce}:${qop.name}` : nonce;
  return digestHash(hash, `${a1}:${middle}:${a2}`);
}
