/**
 * Cuts a byte stream into SIP messages by Content-Length (RFC 3261 18.3), in bounded space. Between messages a double
 * CRLF is a ping (RFC 5626 4.4.1) and any other line end is skipped. Where a message has no usable length nothing
 * behind it can be read: the framer ends with a fault.
 */
import { maxHeadBytes } from '../message/index.ts';

/** Bytes a message's body may have on a stream: as many as fit into a datagram. */
export const maxBodyBytes = 64 * 1024;

const headEnd = Buffer.from('\r\n\r\n');
const none = Buffer.alloc(0);
const cr = 13;
const lf = 10;

/** Why a stream cannot be read on: the status a request among it is answered with. */
export interface FramingFault {
  readonly status: 400 | 513;
  readonly reason: string;
}

/** What a framer tells as it reads. */
export interface FramerEvents {
  /** One whole message, a view of what was pushed. */
  onMessage(bytes: Uint8Array): void;
  onPing(): void;
  /** Once, and the last event: the head that could be read, and why no more can. */
  onFault(head: Uint8Array, fault: FramingFault): void;
}

/** The reading half of one connection. */
export class StreamFramer {
  readonly #events: FramerEvents;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes the message in progress needs, once its head is known. */
  #wanted: number | undefined;
  /** The last bytes of a head in progress, among which its end may begin. */
  #tail: Buffer = none;
  #lineEnds = 0;
  #ended = false;

  constructor(events: FramerEvents) {
    this.#events = events;
  }

  /** Is part of a message held? */
  get isMidMessage(): boolean {
    return this.#held > 0;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const isPart = this.#wanted === undefined ? this.#isInsideHead(chunk) : this.#held < this.#wanted;
    if (isPart) return;
    this.#read(this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks));
  }

  /** Nothing more is told; what is held is let go. */
  end(): void {
    this.#ended = true;
    this.#keep(none);
  }

  /** The head in progress does not end here: one that drips in is not put together for every byte. */
  #isInsideHead(chunk: Buffer): boolean {
    if (this.#chunks.length === 1 || this.#held > maxHeadBytes) return false;
    const end = Buffer.concat([this.#tail, chunk]);
    this.#tail = end.subarray(-(headEnd.length - 1));
    return !end.includes(headEnd);
  }

  #read(data: Buffer): void {
    let at = 0;
    while (!this.#ended) {
      at = this.#skipLineEnds(data, at);
      if (this.#ended || at === data.length) break;
      const length = this.#messageLength(data.subarray(at));
      if (length === undefined) return;
      if (data.length - at < length) {
        this.#wanted = length;
        break;
      }
      const message = data.subarray(at, at + length);
      at += length;
      this.#wanted = undefined;
      this.#events.onMessage(message);
    }
    if (!this.#ended) this.#keep(data.subarray(at));
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    this.#tail = rest.subarray(-(headEnd.length - 1));
    if (rest.length === 0) this.#wanted = undefined;
  }

  #skipLineEnds(data: Buffer, from: number): number {
    let at = from;
    for (; !this.#ended && at < data.length && (data[at] === cr || data[at] === lf); at++) {
      const expected = this.#lineEnds % 2 === 0 ? cr : lf;
      this.#lineEnds = data[at] === expected ? this.#lineEnds + 1 : 0;
      if (this.#lineEnds < 4) continue;
      this.#lineEnds = 0;
      this.#events.onPing();
    }
    if (at < data.length) this.#lineEnds = 0;
    return at;
  }

  /** Bytes of the message at the start; undefined where its head is not whole yet, or after a fault. */
  #messageLength(data: Buffer): number | undefined {
    if (this.#wanted !== undefined) return this.#wanted;
    const end = data.indexOf(headEnd);
    if (end > maxHeadBytes || (end < 0 && data.length > maxHeadBytes)) {
      return this.#fail(data.subarray(0, maxHeadBytes), { status: 513, reason: 'Message Too Large' });
    }
    if (end < 0) {
      this.#keep(data);
      return undefined;
    }
    const head = data.subarray(0, end + headEnd.length);
    const length = contentLength(head.toString('latin1'));
    if (typeof length !== 'number') return this.#fail(head, length);
    return head.length + length;
  }

  #fail(head: Buffer, fault: FramingFault): undefined {
    this.end();
    this.#events.onFault(head, fault);
    return undefined;
  }
}

/** The one Content-Length of a head, in its long or compact form. */
function contentLength(head: string): number | FramingFault {
  let found: string | undefined;
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== 'content-length' && name !== 'l') continue;
    if (found !== undefined) return { status: 400, reason: 'Duplicate Content-Length' };
    found = line.slice(colon + 1).trim();
  }
  if (found === undefined) return { status: 400, reason: 'Missing Content-Length' };
  if (!/^\d{1,10}$/.test(found)) return { status: 400, reason: 'Malformed Content-Length' };
  const length = Number(found);
  return length > maxBodyBytes ? { status: 513, reason: 'Message Too Large' } : length;
}
