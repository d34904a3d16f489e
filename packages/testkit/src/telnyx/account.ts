/** One account of the fake: its API key, its Ed25519 key pair, and the shapes every resource shares. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { ApiReply, ApiRequest } from '../http-api/index.ts';

export interface TelnyxAccount {
  readonly apiKey: string;
  /** As Telnyx's portal shows it: 32 bytes in base64. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** An account with a key pair of its own. */
export function makeTelnyxAccount(apiKey = 'KEY_of_a_fake_account'): TelnyxAccount {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'jwk' }).x ?? '';
  return { apiKey, publicKey: Buffer.from(raw, 'base64url').toString('base64'), privateKey };
}

/** Telnyx's error body: a list, each with code, title and detail. */
export function telnyxError(status: number, code: string, title: string, detail = title): ApiReply {
  return { status, json: { errors: [{ code, title, detail }] } };
}

/** 401 unless the request has the account's key. */
export function authorizeTelnyx(account: TelnyxAccount, request: ApiRequest): ApiReply | undefined {
  if (request.headers.authorization === `Bearer ${account.apiKey}`) return undefined;
  return telnyxError(401, '10009', 'Authentication failed', 'Could not understand the provided credentials.');
}

/** The JSON of a body; an empty object where it is none. */
export function jsonOf(request: ApiRequest): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(request.body.toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** A page of a list: `page[number]` from 1, `page[size]` 20 unless asked, at most 250. */
export function telnyxPage({ query }: ApiRequest, all: readonly unknown[]): ApiReply {
  const size = Math.min(Math.max(Number(query.get('page[size]') ?? query.get('page_size') ?? 20) || 20, 1), 250);
  const page = Math.max(Number(query.get('page[number]') ?? query.get('page_number') ?? 1) || 1, 1);
  const data = all.slice((page - 1) * size, page * size);
  return {
    status: 200,
    json: {
      data,
      meta: {
        total_pages: Math.ceil(all.length / size),
        total_results: all.length,
        page_number: page,
        page_size: size,
      },
    },
  };
}

/** The two headers of a webhook: the Ed25519 signature of `<seconds>|<body>`. */
export function signTelnyx(account: TelnyxAccount, body: string, atMs: number): Record<string, string> {
  const seconds = String(Math.floor(atMs / 1000));
  return {
    'telnyx-timestamp': seconds,
    'telnyx-signature-ed25519': sign(null, Buffer.from(`${seconds}|${body}`), account.privateKey).toString('base64'),
  };
}
