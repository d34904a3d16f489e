/**
 * How the text of a setting becomes a value: one parser per kind. A parser that fails gives the rule that
 * was broken as a sentence's end ("must be …"), never the text itself, which may be a secret.
 */
import { isIP } from 'node:net';
import { getCountries } from 'libphonenumber-js/min';
import { type Cidr, parseCidr } from './cidr.ts';
import { parseCertificates, parsePrivateKey } from './pem.ts';

/** UDP ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Whose payload the webhook has: the seed's, or the seed's with ids and headers added (inbound.md B4). */
export type WebhookProfile = 'seed' | 'current';

/** Whether audio must be encrypted (SRTP), or is where the caller offers it. */
export type SrtpPolicy = 'optional' | 'required';

/** A hash that callers with credentials may answer with (RFC 8760). */
export type DigestName = 'SHA-256' | 'MD5';

/** What each kind of setting is once parsed. */
export interface KindValues {
  readonly folder: string;
  readonly host: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly ports: PortRange;
  readonly cidrs: readonly Cidr[];
  readonly url: string;
  readonly key: string;
  readonly sealKey: Uint8Array;
  /** PEM, nothing but certificates. */
  readonly certificates: string;
  /** PEM. */
  readonly privateKey: string;
  readonly country: string;
  readonly profile: WebhookProfile;
  readonly srtp: SrtpPolicy;
  readonly digests: readonly DigestName[];
  readonly integer: number;
}
export type Kind = keyof KindValues;

export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly warnings?: readonly string[] }
  | { readonly ok: false; readonly rule: string };

const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
const broken = (rule: string): { readonly ok: false; readonly rule: string } => ({ ok: false, rule });

/** The label of a kind in help and documentation. */
export const KIND_LABELS: { readonly [K in Kind]: string } = {
  folder: 'folder',
  host: 'host name or address',
  addresses: 'addresses, comma-separated',
  port: 'port (0 takes a free one)',
  ports: 'port range',
  cidrs: 'CIDR blocks, comma-separated',
  url: 'URL',
  key: 'text',
  sealKey: '32 bytes, hex or base64',
  certificates: 'PEM text, or its file with `_FILE`',
  privateKey: 'PEM text, or its file with `_FILE`',
  country: 'ISO 3166 alpha-2 code',
  profile: '`seed` or `current`',
  srtp: '`optional` or `required`',
  digests: 'list of `SHA-256` and `MD5`',
  integer: 'whole number',
};

/** The parsers, by kind. */
export const PARSERS: { readonly [K in Kind]: (text: string, limits: Limits) => Parsed<KindValues[K]> } = {
  folder: (text) => (text.includes('\0') ? broken('must be a folder path') : ok(text)),
  host: (text) => {
    const plain = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
    return isHost(plain) ? ok(plain) : broken('must be a host name or an IP address, without scheme or port');
  },
  addresses: parseAddresses,
  port: (text) => parseInteger(text, { min: 0, max: 65_535 }),
  ports: parsePorts,
  cidrs: parseCidrs,
  url: parseUrl,
  key: parseKey,
  sealKey: parseSealKey,
  certificates: parseCertificates,
  privateKey: parsePrivateKey,
  country: (text) => {
    const code = text.toUpperCase();
    return (getCountries() as readonly string[]).includes(code)
      ? ok(code)
      : broken('must be the two-letter code of a country, such as US or DE');
  },
  profile: (text) => (text === 'seed' || text === 'current' ? ok(text) : broken('must be seed or current')),
  srtp: (text) => (text === 'optional' || text === 'required' ? ok(text) : broken('must be optional or required')),
  digests: parseDigests,
  integer: parseInteger,
};

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%');
  // A last label of digits only would be a mistyped IPv4 address.
  return (
    text.length <= 253 && /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(text) && !/(^|\.)\d+\.?$/.test(text)
  );
}

function listOf(text: string): readonly string[] {
  return text.trim().toLowerCase() === 'none'
    ? []
    : text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
}

function parseAddresses(text: string): Parsed<readonly string[]> {
  const addresses = listOf(text).map((part) => (/^\[.*\]$/.test(part) ? part.slice(1, -1) : part));
  const wrong = addresses.findIndex((part) => isIP(part) === 0);
  if (wrong >= 0) return broken(`must list IP addresses; entry ${wrong + 1} is none`);
  if (addresses.length === 0) return broken('must name at least one IP address');
  if (new Set(addresses).size !== addresses.length) return broken('must not list an address twice');
  return ok(Object.freeze(addresses));
}

function parseDigests(text: string): Parsed<readonly DigestName[]> {
  const names = listOf(text).map((part) => part.toUpperCase());
  const known = names.filter((name): name is DigestName => name === 'SHA-256' || name === 'MD5');
  if (known.length !== names.length || known.length === 0) return broken('must list SHA-256, MD5 or both');
  if (new Set(known).size !== known.length) return broken('must not list a hash twice');
  return ok(Object.freeze(known));
}

function parseInteger(text: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: Limits): Parsed<number> {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return ok(value);
  return broken(
    max === Number.MAX_SAFE_INTEGER
      ? `must be a whole number of at least ${min}`
      : `must be a whole number from ${min} to ${max}`,
  );
}

/** From here up Linux hands ports to outgoing connections (traps.md). */
const EPHEMERAL_FROM = 32_768;

function parsePorts(text: string): Parsed<PortRange> {
  const found = /^(\d{1,5})\s*-\s*(\d{1,5})$/.exec(text);
  const first = Number(found?.[1]);
  const last = Number(found?.[2]);
  if (!found || first < 1024 || last > 65_535) return broken('must be a range such as 20000-29999, within 1024-65535');
  if (last <= first) return broken('must begin below its end: a call needs two ports');
  const value = Object.freeze({ first, last });
  if (last < EPHEMERAL_FROM) return ok(value);
  return {
    ok: true,
    value,
    warnings: [
      `reaches above ${EPHEMERAL_FROM - 1}, where the system takes ports for its own connections: calls may find theirs taken`,
    ],
  };
}

function parseCidrs(text: string): Parsed<readonly Cidr[]> {
  const cidrs: Cidr[] = [];
  const warnings: string[] = [];
  for (const [index, part] of listOf(text).entries()) {
    const parsed = parseCidr(part);
    if (!parsed.ok) return broken(`${parsed.rule} (entry ${index + 1})`);
    if (parsed.cidr.family === 'ipv4' && part.includes('/') && part !== parsed.cidr.text) {
      warnings.push(`${part} has bits set behind its prefix and is read as ${parsed.cidr.text}`);
    }
    cidrs.push(parsed.cidr);
  }
  return { ok: true, value: Object.freeze(cidrs), warnings };
}

function parseUrl(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return broken('must be a URL that begins with https:// or http://');
  if (url.username || url.password || url.search || url.hash) {
    return broken('must be a URL without user name, query or fragment');
  }
  return ok(url.href.replace(/\/+$/, ''));
}

const COMFORTABLE_KEY = 16;

function parseKey(text: string): Parsed<string> {
  if (!/^[\x21-\x7e]+$/.test(text)) return broken('must be printable ASCII without spaces');
  if (text.length >= COMFORTABLE_KEY) return ok(text);
  return { ok: true, value: text, warnings: [`has fewer than ${COMFORTABLE_KEY} characters and can be guessed`] };
}

function parseSealKey(text: string): Parsed<Uint8Array> {
  const hex = /^[0-9a-f]{64}$/i.test(text);
  const base64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
  if (!hex && !base64) return broken('must be 32 bytes, as 64 hexadecimal digits or 44 characters of base64');
  return ok(new Uint8Array(Buffer.from(text, hex ? 'hex' : 'base64')));
}
