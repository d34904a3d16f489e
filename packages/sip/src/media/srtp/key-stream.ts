import { Buffer } from 'node:buffer';
import { type Cipher, createCipheriv } from 'node:crypto';

const BLOCK_BYTES = 16;
/** More than a UDP datagram of audio ever holds; longer ones are refused before they come here. */
export const MOST_STREAM_BYTES = 2_048;

/** Where a packet stands: `high` are the upper 32, `low` the lower 16 bits of its 48-bit index. */
export interface PacketPlace {
  readonly ssrc: number;
  readonly high: number;
  readonly low: number;
}

/**
 * AES in counter mode (RFC 3711 4.1.1). One cipher object makes the key stream of every packet from blocks laid out
 * here: a cipher object per packet costs three times as much.
 */
export class KeyStream {
  readonly #cipher: Cipher;
  readonly #salt: Buffer;
  readonly #counters = Buffer.alloc(MOST_STREAM_BYTES);
  #ssrc: number | undefined;
  #high: number | undefined;

  constructor(key: Buffer, salt: Buffer) {
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    this.#salt = salt;
    for (let at = 0, count = 0; at < MOST_STREAM_BYTES; at += BLOCK_BYTES, count += 1) {
      this.#counters.writeUInt32BE(salt.readUInt32BE(0), at);
      this.#counters[at + 15] = count;
    }
  }

  /** Encrypts, or decrypts, the octets from `from` to `to`. */
  apply(packet: Buffer, span: { readonly from: number; readonly to: number }, place: PacketPlace): void {
    const { from, to } = span;
    const length = to - from;
    if (length <= 0) return;
    if (length > MOST_STREAM_BYTES) throw new RangeError('The packet is longer than its key stream.');
    this.#turnTo(place);
    const end = Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    const low = this.#salt.readUInt16BE(12) ^ place.low;
    for (let at = 0; at < end; at += BLOCK_BYTES) {
      this.#counters[at + 12] = low >>> 8;
      this.#counters[at + 13] = low & 0xff;
    }
    const stream = this.#cipher.update(end === MOST_STREAM_BYTES ? this.#counters : this.#counters.subarray(0, end));
    for (let index = 0; index < length; index += 1) packet[from + index]! ^= stream[index]!;
  }

  /** Lays out what hardly ever changes from packet to packet. */
  #turnTo({ ssrc, high }: PacketPlace): void {
    if (ssrc === this.#ssrc && high === this.#high) return;
    this.#ssrc = ssrc;
    this.#high = high;
    for (let at = 0; at < MOST_STREAM_BYTES; at += BLOCK_BYTES) {
      this.#counters.writeInt32BE(this.#salt.readInt32BE(4) ^ ssrc, at + 4);
      this.#counters.writeInt32BE(this.#salt.readInt32BE(8) ^ high, at + 8);
    }
  }
}
