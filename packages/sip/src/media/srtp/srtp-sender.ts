import { Buffer } from 'node:buffer';
import type { PacketCipher } from './packet-cipher.ts';
import { MOST_TRAILER_BYTES } from './suite.ts';

/** Seals the packets of our one stream under one key. Packets come in the order of their sequence numbers. */
export class SrtpSender {
  readonly #cipher: PacketCipher;
  #rollover = 0;
  #lastSequence = -1;
  #reportIndex = 0;

  constructor(cipher: PacketCipher) {
    this.#cipher = cipher;
  }

  /** Seals the RTP packet in the first `length` octets; the buffer has 20 more. Returns the new length. */
  seal(packet: Buffer, length: number): number {
    const sequence = packet.readUInt16BE(2);
    if (sequence < this.#lastSequence) this.#rollover += 1;
    this.#lastSequence = sequence;
    return this.#cipher.sealRtp(packet, length, this.#rollover);
  }

  /** A sealed copy of a compound RTCP packet. */
  sealReport(report: Buffer): Buffer {
    const packet = Buffer.alloc(report.length + MOST_TRAILER_BYTES);
    report.copy(packet);
    const length = this.#cipher.sealRtcp(packet, report.length, this.#reportIndex);
    this.#reportIndex = (this.#reportIndex + 1) % 0x8000_0000;
    return packet.subarray(0, length);
  }
}
