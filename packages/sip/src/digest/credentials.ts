import { algorithmName, type DigestAlgorithm, parseAlgorithm } from './algorithm.ts';
import { parseAuthParams, quote } from './auth-params.ts';

/** What a client shows (RFC 7616 3.4). */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Hex, as sent. */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  readonly opaque?: string;
  /** With it the nonce count and the client's nonce are there; without, as RFC 2069 had it, neither is. */
  readonly qop?: { readonly name: string; readonly count: number; readonly cnonce: string };
}

/** The Digest credentials of a header value; undefined where there are none, or more than one, or they are ill-formed. */
export function parseCredentials(value: string): DigestCredentials | undefined {
  const [first, ...more] = parseAuthParams(value) ?? [];
  if (!first || more.length > 0 || first.scheme.toLowerCase() !== 'digest') return undefined;
  const get = (name: string) => first.params.get(name);
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map(get);
  const algorithm = parseAlgorithm(get('algorithm'));
  const qop = readQop(get('qop'), get('nc'), get('cnonce'));
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined;
  if (response === undefined || !algorithm || qop === 'faulty') return undefined;
  const opaque = get('opaque');
  return {
    username,
    realm,
    nonce,
    uri,
    response,
    algorithm,
    ...(opaque !== undefined && { opaque }),
    ...(qop && { qop }),
  };
}

/** Writes credentials as a header value. */
export function serializeCredentials(credentials: DigestCredentials): string {
  const { username, realm, nonce, uri, response, algorithm, opaque, qop } = credentials;
  const parts = [
    `username=${quote(username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `response=${quote(response)}`,
    `algorithm=${algorithmName(algorithm)}`,
  ];
  if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
  if (qop) parts.push(`cnonce=${quote(qop.cnonce)}`, `qop=${qop.name}`, `nc=${countText(qop.count)}`);
  return `Digest ${parts.join(', ')}`;
}

/** A nonce count as it is written and hashed: eight hex digits. */
export function countText(count: number): string {
  return count.toString(16).padStart(8, '0');
}

function readQop(
  name: string | undefined,
  nc: string | undefined,
  cnonce: string | undefined,
): DigestCredentials['qop'] | 'faulty' {
  if (name === undefined) return undefined;
  if (cnonce === undefined || nc === undefined || !/^[0-9a-fA-F]{8}$/.test(nc)) return 'faulty';
  return { name: name.toLowerCase(), count: Number.parseInt(nc, 16), cnonce };
}
