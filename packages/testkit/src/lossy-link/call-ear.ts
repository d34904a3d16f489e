import type { MediaSession } from '@pickup/sip/media';

const FRAME = 160;

/** Records what a session hears, as an agent would, with the time of each moment. */
export class CallEar {
  readonly #frames: Int16Array[] = [];
  #startedAtMs = Number.POSITIVE_INFINITY;

  /** From the first packet the session hears on. */
  constructor(session: MediaSession) {
    session.tap((direction, samples) => {
      if (direction !== 'in') return;
      // The least late of all frames tells when the first was due.
      this.#startedAtMs = Math.min(this.#startedAtMs, performance.now() - this.#frames.length * 20);
      this.#frames.push(samples);
    });
  }

  /** What was heard from `atMs` (`performance.now()`) on, 8 kHz; silence where nothing had been heard yet. */
  heardFrom(atMs: number): Int16Array {
    const before = Number.isFinite(this.#startedAtMs) ? Math.round((this.#startedAtMs - atMs) * 8) : 0;
    const result = new Int16Array(Math.max(0, before + this.#frames.length * FRAME));
    for (const [index, frame] of this.#frames.entries()) {
      const at = before + index * FRAME;
      if (at >= 0) result.set(frame, at);
      else if (at > -FRAME) result.set(frame.subarray(-at));
    }
    return result;
  }
}
