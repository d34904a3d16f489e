/** Of a gap this much is filled with what was heard before: 60 ms. */
export const FADE_SAMPLES = 480;
/** Of that, this much at full volume: 10 ms. */
const FULL_SAMPLES = 80;
/** Audio that comes back blends in over 5 ms. */
const BLEND_SAMPLES = 40;
const HISTORY = 320;
/** Pitch periods looked for: 200 down to 66 Hz. */
const LEAST_PERIOD = 40;
const MOST_PERIOD = 120;
/** Loudest comfort noise, -52 dB of full scale: below what the speech detector ever takes for speech. */
const MOST_NOISE = 82;
const FLOOR_FALL = 0.3;
const FLOOR_RISE = 1.002;

/**
 * Fills gaps of a voice at 8 kHz, after the manner of G.711 Appendix I: the last pitch period is repeated for 60 ms and
 * fades, then comfort noise of the line's own level follows. Draws its noise from a fixed sequence: same input, same output.
 */
export class Concealer {
  readonly #history = new Int16Array(HISTORY);
  #period = LEAST_PERIOD;
  #gap = FADE_SAMPLES;
  #noise = 0;
  #seed = 1;

  /** Takes what was received as `frame[from…to)`; behind a gap its beginning is blended with what filled the gap. */
  hear(frame: Int16Array, from: number, to: number): void {
    if (this.#gap > 0) this.#blend(frame, from, Math.min(to, from + BLEND_SAMPLES));
    this.#gap = 0;
    const count = to - from;
    const kept = Math.max(0, HISTORY - count);
    this.#history.copyWithin(0, HISTORY - kept);
    for (let index = kept; index < HISTORY; index += 1) this.#history[index] = frame[to - HISTORY + index]!;
    this.#follow(frame, from, to);
  }

  /** Fills `frame[from…to)`, where audio is lost. Gives the samples made of earlier audio; the others are comfort noise. */
  fill(frame: Int16Array, from: number, to: number): number {
    if (this.#gap === 0) this.#period = findPeriod(this.#history);
    const concealed = Math.min(to - from, Math.max(0, FADE_SAMPLES - this.#gap));
    for (let index = from; index < to; index += 1) frame[index] = this.#next();
    return concealed;
  }

  /** Fills `frame[from…to)` with comfort noise: there the peer is silent, nothing is lost. */
  rest(frame: Int16Array, from: number, to: number): void {
    this.#gap = FADE_SAMPLES;
    for (let index = from; index < to; index += 1) frame[index] = this.#next();
  }

  /** Takes the noise level a peer tells in comfort noise (RFC 3389, 3.1), in dB below full scale. */
  setNoise(belowFullDb: number): void {
    this.#noise = Math.min(MOST_NOISE, 32_768 * 10 ** (-belowFullDb / 20));
  }

  /** Whether it is beyond repeating: what it gives is comfort noise. */
  get resting(): boolean {
    return this.#gap >= FADE_SAMPLES;
  }

  #next(): number {
    const gap = this.#gap;
    const gain = gap < FULL_SAMPLES ? 1 : Math.max(0, (FADE_SAMPLES - gap) / (FADE_SAMPLES - FULL_SAMPLES));
    const repeated = gain === 0 ? 0 : this.#history[HISTORY - this.#period + (gap % this.#period)]!;
    if (gap < FADE_SAMPLES) this.#gap = gap + 1;
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    // Even noise of ±√3 has a mean power of 1.
    const noise = this.#seed * (Math.sqrt(3) / 2 ** 31) * this.#noise;
    return repeated * gain + noise * (1 - gain);
  }

  #blend(frame: Int16Array, from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      const share = (index - from + 1) / (BLEND_SAMPLES + 1);
      frame[index] = this.#next() * (1 - share) + frame[index]! * share;
    }
  }

  /** The quietest the line gets: follows down fast, up slowly, so that speech does not become noise. */
  #follow(frame: Int16Array, from: number, to: number): void {
    let sum = 0;
    for (let index = from; index < to; index += 1) sum += frame[index]! * frame[index]!;
    const level = Math.sqrt(sum / Math.max(1, to - from));
    const noise = this.#noise;
    this.#noise =
      level < noise ? noise + (level - noise) * FLOOR_FALL : Math.min(MOST_NOISE, level, noise * FLOOR_RISE + 0.02);
  }
}

/** The lag at which the end of `history` resembles most what went before: smallest mean difference. */
function findPeriod(history: Int16Array): number {
  let best = LEAST_PERIOD;
  let least = Number.POSITIVE_INFINITY;
  for (let lag = LEAST_PERIOD; lag <= MOST_PERIOD; lag += 1) {
    let difference = 0;
    for (let index = HISTORY - LEAST_PERIOD * 2; index < HISTORY; index += 1) {
      difference += Math.abs(history[index]! - history[index - lag]!);
    }
    if (difference < least) [best, least] = [lag, difference];
  }
  return best;
}
