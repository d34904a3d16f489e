/** SDP security descriptions (RFC 4568): the a=crypto lines that carry SRTP keys. */
import { Buffer } from 'node:buffer';
import { isSrtpSuite, SRTP_SUITES, type SrtpSuite } from '../media/srtp/suite.ts';
import type { CryptoLine, SdpAttribute } from './types.ts';

/** Packets every call stays below: 5.8 hours at 50 a second. */
const LEAST_LIFETIME = 2 ** 20;
/** The longest an SRTP key can be used (RFC 3711 9.2). */
const MOST_LIFETIME = 2 ** 48;

/**
 * Reads the value of an a=crypto line; undefined where it is malformed or asks for what is not done here: another
 * suite, a master key index, several keys, a key that lasts for less than 2^20 packets, key derivation rates, forward
 * error correction, or packets without encryption or authentication.
 */
export function parseCrypto(value: string): CryptoLine | undefined {
  const [tagText = '', suite = '', keys = '', ...params] = value.trim().split(/\s+/);
  if (!/^\d{1,9}$/.test(tagText) || !isSrtpSuite(suite) || !params.every(isHarmless)) return undefined;
  const key = parseKey(keys, suite);
  return key === undefined ? undefined : { tag: Number(tagText), suite, key };
}

/** The line as an attribute. */
export function cryptoAttribute({ tag, suite, key }: CryptoLine): SdpAttribute {
  return { name: 'crypto', value: `${tag} ${suite} inline:${key}` };
}

/** A line with a new key; `random` gives so many unguessable octets. */
export function newCryptoLine(tag: number, suite: SrtpSuite, random: (octets: number) => Uint8Array): CryptoLine {
  const { key, salt } = SRTP_SUITES[suite];
  return { tag, suite, key: Buffer.from(random(key + salt)).toString('base64') };
}

function parseKey(text: string, suite: SrtpSuite): string | undefined {
  const [method, ...rest] = text.split(':');
  if (method?.toLowerCase() !== 'inline' || text.includes(';')) return undefined;
  const [encoded = '', ...fields] = rest.join(':').split('|');
  // With two fields the second is a key index, with one it is that where it has a colon.
  if (fields.length > 1 || !fields.every(lastsLong)) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const { key, salt } = SRTP_SUITES[suite];
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.length === key + salt ? bytes.toString('base64') : undefined;
}

function lastsLong(lifetime: string): boolean {
  const [, power, count] = /^(?:2\^(\d{1,2})|(\d{1,15}))$/.exec(lifetime) ?? [];
  const packets = power === undefined ? Number(count) : 2 ** Number(power);
  return packets >= LEAST_LIFETIME && packets <= MOST_LIFETIME;
}

function isHarmless(param: string): boolean {
  // A dash marks what may be ignored (RFC 4568 6.3.7); the window size is a hint.
  return param.startsWith('-') || /^WSH=\d{1,5}$/i.test(param);
}
