/**
 * Answers to STUN Binding requests on the SIP port (RFC 5626 3.5.2 and 8, RFC 5389): a phone behind a NAT keeps its
 * binding open with them and learns the address it is seen at. Nothing else of STUN is spoken. Whoever asks is answered,
 * at a small rate: a forged source gets little more than what was sent for it.
 */
import { isIPv6 } from 'node:net';

const headBytes = 20;
const cookie = 0x2112_a442;
const bindingRequest = 0x0001;
const bindingSuccess = 0x0101;
const bindingError = 0x0111;
const errorCode = 0x0009;
const unknownAttributes = 0x000a;
const xorMappedAddress = 0x0020;
/** Comprehension-required attributes that a server without credentials may pass over. */
const passedOver: ReadonlySet<number> = new Set([0x0006, 0x0008, 0x0014, 0x0015]);
const mostUnknown = 8;

/** Answers in a second: to one address, and to all. */
const perAddress = 5;
const perListener = 500;

/** Is it STUN, going by its head? No SIP message begins with a byte below 2 (RFC 5626 8). */
export const isStun = (bytes: Uint8Array): boolean =>
  bytes.length >= headBytes && bytes[0]! < 2 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(4) === cookie;

/** The answer to a STUN message from that address; undefined where it gets none. */
export function answerStun(
  bytes: Uint8Array,
  from: { readonly address: string; readonly port: number },
): Buffer | undefined {
  const request = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = request.readUInt16BE(2);
  if (request.readUInt16BE(0) !== bindingRequest || length % 4 !== 0 || length !== request.length - headBytes) {
    return undefined;
  }
  const unknown = unknownIn(request);
  if (!unknown) return undefined;
  return unknown.length > 0 ? refusal(request, unknown) : success(request, from);
}

/** The comprehension-required attributes that are not understood; undefined where they run over the end. */
function unknownIn(request: Buffer): readonly number[] | undefined {
  const unknown: number[] = [];
  for (let at = headBytes; at < request.length; ) {
    const type = request.readUInt16BE(at);
    const end = at + 4 + request.readUInt16BE(at + 2);
    if (end > request.length) return undefined;
    if (type < 0x8000 && !passedOver.has(type) && unknown.length < mostUnknown) unknown.push(type);
    at = Math.ceil(end / 4) * 4;
  }
  return unknown;
}

function success(request: Buffer, { address, port }: { readonly address: string; readonly port: number }): Buffer {
  const plain = addressBytes(address);
  const value = Buffer.alloc(4 + plain.length);
  value.writeUInt8(plain.length === 4 ? 1 : 2, 1);
  value.writeUInt16BE(port ^ (cookie >>> 16), 2);
  // XOR with the cookie and, beyond it, the transaction id: the four bytes after the length, and on (RFC 5389 15.2).
  for (const [at, byte] of plain.entries()) value[4 + at] = byte ^ request[4 + at]!;
  return message(request, bindingSuccess, [[xorMappedAddress, value]]);
}

function refusal(request: Buffer, unknown: readonly number[]): Buffer {
  const types = Buffer.alloc(unknown.length * 2);
  for (const [index, type] of unknown.entries()) types.writeUInt16BE(type, index * 2);
  const reason = Buffer.concat([Buffer.from([0, 0, 4, 20]), Buffer.from('Unknown Attribute')]);
  return message(request, bindingError, [
    [errorCode, reason],
    [unknownAttributes, types],
  ]);
}

function message(request: Buffer, type: number, attributes: readonly (readonly [number, Buffer])[]): Buffer {
  const body = attributes.map(([attribute, value]) => {
    const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
    padded.writeUInt16BE(attribute, 0);
    padded.writeUInt16BE(value.length, 2);
    value.copy(padded, 4);
    return padded;
  });
  const head = Buffer.from(request.subarray(0, headBytes));
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(
    body.reduce((sum, part) => sum + part.length, 0),
    2,
  );
  return Buffer.concat([head, ...body]);
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [before = '', after] = withoutDotted(address.replace(/%.*$/, '')).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [groups(before), groups(after ?? '')];
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
const withoutDotted = (address: string): string =>
  address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );

/** Counts the answers of a second. */
export class StunRate {
  readonly #monoMs: () => number;
  readonly #counts = new Map<string, number>();
  #total = 0;
  #sinceMs = 0;

  constructor(monoMs: () => number) {
    this.#monoMs = monoMs;
  }

  /** May one more go to that address? */
  allow(address: string): boolean {
    const nowMs = this.#monoMs();
    if (nowMs - this.#sinceMs >= 1_000) {
      this.#sinceMs = nowMs;
      this.#counts.clear();
      this.#total = 0;
    }
    const count = this.#counts.get(address) ?? 0;
    if (count >= perAddress || this.#total >= perListener) return false;
    this.#counts.set(address, count + 1);
    this.#total++;
    return true;
  }
}
