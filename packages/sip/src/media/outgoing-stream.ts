import { Buffer } from 'node:buffer';
import type { G711PayloadType } from './g711.ts';
import { FRAME_SAMPLES } from './pacer.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from './rtp-packet.ts';
import { MOST_TRAILER_BYTES, type SrtpSender } from './srtp/index.ts';

/** Packets the kernel may still hold back before a buffer is used again. */
const SEND_BUFFERS = 8;
/** RFC 4568 6.4: so the wrap of the sequence, which nobody is told of, does not come among the first packets. */
const FIRST_SEQUENCES = 0x7fff;

/** Our packets of one call: their numbers, their header, their seal. */
export class OutgoingStream {
  readonly #random32: () => number;
  readonly #buffers = Array.from({ length: SEND_BUFFERS }, () =>
    Buffer.alloc(RTP_HEADER_BYTES + FRAME_SAMPLES + MOST_TRAILER_BYTES),
  );
  #ssrc = 0;
  #sequence = 0;
  #timestampBase = 0;
  #packets = 0;
  #marker = true;

  constructor(random32: () => number) {
    this.#random32 = random32;
    this.restart();
  }

  get ssrc(): number {
    return this.#ssrc;
  }

  /** Packets under the present SSRC. */
  get packets(): number {
    return this.#packets;
  }

  /** Goes on under another SSRC with other numbers, as an SRTP key of its own wants it. */
  restart(): void {
    this.#ssrc = this.#random32();
    this.#sequence = this.#random32() & FIRST_SEQUENCES;
    this.#timestampBase = this.#random32();
    this.#packets = 0;
    this.#marker = true;
  }

  /** The next packet is the first after a pause. */
  markNext(): void {
    this.#marker = true;
  }

  /** The RTP timestamp of a period of the pacer. */
  timestampAt(cycle: number): number {
    return (this.#timestampBase + cycle * FRAME_SAMPLES) >>> 0;
  }

  /** The buffer of the next packet: 160 octets of payload are to be put at 12. */
  next(): Buffer {
    return this.#buffers[this.#packets % SEND_BUFFERS]!;
  }

  /** Completes the next packet and gives it, sealed where there is a sender; valid until seven more were given. */
  finish(payloadType: G711PayloadType, cycle: number, sender: SrtpSender | undefined): Buffer {
    const packet = this.next();
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const [sequence, timestamp] = [this.#sequence, this.timestampAt(cycle)];
    writeRtpHeader(packet, { payloadType, marker: this.#marker, sequence, timestamp, ssrc: this.#ssrc });
    this.#marker = false;
    this.#packets += 1;
    const length = RTP_HEADER_BYTES + FRAME_SAMPLES;
    return packet.subarray(0, sender === undefined ? length : sender.seal(packet, length));
  }
}
