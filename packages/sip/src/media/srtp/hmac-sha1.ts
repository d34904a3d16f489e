import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 20;

/**
 * HMAC-SHA1 (RFC 2104) under one key, over messages of at most `mostBytes`. Both hashes are one-shot calls that give
 * strings: with `createHmac`, or with buffers, the objects made for each packet cost three times the hashing.
 */
export class HmacSha1 {
  readonly #inner: Buffer;
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  readonly #digest = Buffer.alloc(DIGEST_BYTES);

  /** `key` has 64 octets at most. */
  constructor(key: Buffer, mostBytes: number) {
    this.#inner = Buffer.alloc(BLOCK_BYTES + mostBytes);
    for (let at = 0; at < BLOCK_BYTES; at += 1) {
      const octet = key[at] ?? 0;
      this.#inner[at] = octet ^ 0x36;
      this.#outer[at] = octet ^ 0x5c;
    }
  }

  /** The code of the first `length` octets of `message`, with the 32 bits of `suffix` behind them; valid until the next. */
  of(message: Buffer, length: number, suffix?: number): Buffer {
    message.copy(this.#inner, BLOCK_BYTES, 0, length);
    let end = BLOCK_BYTES + length;
    if (suffix !== undefined) end = this.#inner.writeUInt32BE(suffix, end);
    this.#outer.write(hash('sha1', this.#inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
    this.#digest.write(hash('sha1', this.#outer, 'binary'), 'latin1');
    return this.#digest;
  }
}
