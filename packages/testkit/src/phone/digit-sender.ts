import { Buffer } from 'node:buffer';
import { DTMF_EVENT_BYTES, encodeDtmf, isDtmf, RTP_HEADER_BYTES, writeRtpHeader } from '@pickup/sip/media';

const FRAME = 160;
/** Packets of one key until its first end packet: 100 ms. */
const HELD_PACKETS = 5;
/** The end is sent three times (RFC 4733, 2.5.1.4). */
const END_PACKETS = 3;
/** Frames of audio between two keys, beside those in which the end was repeated. */
const GAP_FRAMES = 1;

type Key = { readonly digit: string; readonly done: (() => void) | undefined };

/** Keys as RFC 4733 packets, one for each 20 ms frame: they grow to 100 ms, and the end is sent three times. */
export class DigitSender {
  readonly #payloadType: number;
  readonly #ssrc: number;
  #keys: Key[] = [];
  #sent = 0;
  #pause = 0;
  #startedAt = 0;

  constructor(payloadType: number, ssrc: number) {
    this.#payloadType = payloadType;
    this.#ssrc = ssrc;
  }

  /** Queues keys; resolves when the last was sent, or at `close`. */
  press(digits: string): Promise<void> {
    if (!isDtmf(digits)) return Promise.reject(new Error('Only 0-9, *, # and A-D can be pressed.'));
    if (digits === '') return Promise.resolve();
    const last = digits.length - 1;
    return new Promise((done) => {
      for (const [index, digit] of [...digits].entries())
        this.#keys.push({ digit, done: index === last ? done : undefined });
    });
  }

  /** The packet to send as frame number `count`, or `undefined` when that is audio. */
  next(count: number): Buffer | undefined {
    const key = this.#keys[0];
    if (key === undefined || this.#pause > 0) {
      this.#pause = Math.max(0, this.#pause - 1);
      return undefined;
    }
    if (this.#sent === 0) this.#startedAt = count;
    this.#sent += 1;
    const packet = this.#packet(key.digit, count);
    if (this.#sent === HELD_PACKETS + END_PACKETS - 1) this.#release(key);
    return packet;
  }

  /** Drops what is queued. */
  close(): void {
    for (const { done } of this.#keys.splice(0)) done?.();
  }

  #packet(digit: string, count: number): Buffer {
    const packet = Buffer.alloc(RTP_HEADER_BYTES + DTMF_EVENT_BYTES);
    const [payloadType, ssrc, marker] = [this.#payloadType, this.#ssrc, this.#sent === 1];
    writeRtpHeader(packet, { payloadType, marker, sequence: count, timestamp: this.#startedAt * FRAME, ssrc });
    const duration = Math.min(this.#sent, HELD_PACKETS) * FRAME;
    encodeDtmf({ digit, duration, end: this.#sent >= HELD_PACKETS }, packet, RTP_HEADER_BYTES);
    return packet;
  }

  #release(key: Key): void {
    this.#keys.shift();
    this.#sent = 0;
    this.#pause = GAP_FRAMES;
    key.done?.();
  }
}
