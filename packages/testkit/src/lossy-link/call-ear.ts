import type { MediaSession } from '@pickup/sip/media';

const FRAME = 160;
const FRAME_MS = 20;

/** Records what a session hears, as an agent would, with the time of each moment. */
export class CallEar {
  readonly #frames: { readonly samples: Int16Array; readonly atMs: number }[] = [];

  /** From the first packet the session hears on. */
  constructor(session: MediaSession) {
    session.tap((direction, samples) => {
      if (direction === 'in') this.#frames.push({ samples, atMs: performance.now() });
    });
  }

  /**
   * What was heard from `fromMs` to `toMs` (`performance.now()`), by default to the end, 8 kHz; silence where nothing had
   * been heard yet.
   */
  heard(fromMs: number, toMs = Number.POSITIVE_INFINITY): Int16Array {
    const frames = this.#frames.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    // Frames come on a beat and some of them late: the least late tells when the first was due.
    const firstMs = frames.reduce(
      (least, { atMs }, index) => Math.min(least, atMs - index * FRAME_MS),
      Number.POSITIVE_INFINITY,
    );
    if (frames.length === 0) return new Int16Array(0);
    const before = Math.round((firstMs - fromMs) * 8);
    const result = new Int16Array(Math.max(0, before + frames.length * FRAME));
    for (const [index, { samples }] of frames.entries()) {
      const at = before + index * FRAME;
      if (at >= 0) result.set(samples, at);
      else if (at > -FRAME) result.set(samples.subarray(-at));
    }
    return result;
  }
}
