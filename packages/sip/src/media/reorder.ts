import type { RtpPacket } from './rtp-packet.ts';

/** Packets waited for behind a gap: 60 ms at 20 ms each. */
const DEPTH = 3;
const NOTHING: readonly RtpPacket[] = [];

/**
 * Hands packets on in order of their sequence. Behind a gap at most three wait for the missing one; what comes later
 * than that, or twice, is dropped. No playout clock: for listening, not for playing.
 */
export class Reorder {
  #ssrc: number | undefined;
  #next = 0;
  readonly #waiting = new Map<number, RtpPacket>();

  /** Takes a packet; gives those that are now in order. */
  push(packet: RtpPacket): readonly RtpPacket[] {
    const ahead = ((packet.sequence - this.#next) << 16) >> 16;
    if (packet.ssrc !== this.#ssrc || Math.abs(ahead) > 1_000) {
      this.#waiting.clear();
      this.#ssrc = packet.ssrc;
      this.#next = (packet.sequence + 1) & 0xffff;
      return [packet];
    }
    if (ahead < 0) return NOTHING;
    if (ahead === 0 && this.#waiting.size === 0) {
      this.#next = (packet.sequence + 1) & 0xffff;
      return [packet];
    }
    this.#waiting.set(packet.sequence, packet);
    return this.#drain();
  }

  #drain(): readonly RtpPacket[] {
    const ready: RtpPacket[] = [];
    for (;;) {
      const packet = this.#waiting.get(this.#next);
      if (packet !== undefined) {
        this.#waiting.delete(this.#next);
        ready.push(packet);
      } else if (this.#waiting.size <= DEPTH) {
        return ready;
      }
      this.#next = (this.#next + 1) & 0xffff;
    }
  }
}
