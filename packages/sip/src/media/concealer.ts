/** Of a gap this much is filled with what was heard before: 60 ms. */
export const FADE_SAMPLES = 480;
/** Of the audio behind a gap so much is wanted, to see its pitch: 25 ms. */
export const AHEAD_SAMPLES = 200;
/** Of a gap this much is at full volume: 10 ms; all of it where the audio behind it is known. */
const FULL_SAMPLES = 80;
/** Audio that comes back unannounced blends in over 5 ms. */
const BLEND_SAMPLES = 40;
/** The repetition is bent to begin where the audio ended, over not quite 1 ms. */
const BEND_SAMPLES = 6;
const HISTORY = 320;
/** Pitch periods looked for: 200 down to 66 Hz; higher voices are found at a multiple. */
const LEAST_PERIOD = 40;
const MOST_PERIOD = 120;
/** Compared at each period. */
const TEMPLATE = 80;
/** Loudest comfort noise, -52 dB of full scale: below what the speech detector ever takes for speech. */
const MOST_NOISE = 82;
const FLOOR_FALL = 0.3;
const FLOOR_RISE = 1.002;

/** The audio behind a gap, where it has come already. */
export interface AudioAhead {
  /** Its media time: that it is the same as before. */
  readonly time: number;
  /** It begins so many samples after the first one to be filled. */
  readonly distance: number;
  /** Its beginning, in the first `count` of `samples`. */
  readonly samples: Int16Array;
  readonly count: number;
}

/**
 * Fills gaps of a voice at 8 kHz, after the manner of G.711 Appendix I: the last pitch period is repeated for 60 ms and
 * fades, then comfort noise of the line's own level follows. Where the audio behind the gap has come already, its first
 * pitch period is repeated backwards and the two are blended, so that the gap is bridged without fading and both ends
 * join. Draws its noise from a fixed sequence: same input, same output.
 */
export class Concealer {
  readonly #history = new Int16Array(HISTORY);
  readonly #forward = new Float32Array(MOST_PERIOD);
  readonly #backward = new Float32Array(MOST_PERIOD);
  #period = LEAST_PERIOD;
  #aheadPeriod = 0;
  #aheadTime = 0;
  /** Samples until the audio ahead; 0 where none is known. */
  #distance = 0;
  #bend = 0;
  #aheadBend = 0;
  #gap = FADE_SAMPLES;
  #joined = false;
  #noise = 0;
  #seed = 1;

  /** Takes what was received as `frame[from…to)`; behind a gap its beginning is blended with what filled the gap. */
  hear(frame: Int16Array, from: number, to: number): void {
    if (this.#gap > 0 && !this.#joined) this.#blend(frame, from, Math.min(to, from + BLEND_SAMPLES));
    this.#gap = 0;
    this.#distance = 0;
    this.#aheadPeriod = 0;
    this.#joined = false;
    const count = to - from;
    const kept = Math.max(0, HISTORY - count);
    this.#history.copyWithin(0, HISTORY - kept);
    for (let index = kept; index < HISTORY; index += 1) this.#history[index] = frame[to - HISTORY + index]!;
    this.#follow(frame, from, to);
  }

  /**
   * Fills `frame[from…to)`, where audio is lost; `ahead` is what follows the gap, where that has come. Gives the samples
   * made of earlier audio; the others are comfort noise.
   */
  fill(frame: Int16Array, from: number, to: number, ahead?: AudioAhead): number {
    if (this.#gap === 0) this.#prepare();
    this.#distance = 0;
    if (ahead !== undefined && this.#gap < FADE_SAMPLES) this.#lookAhead(ahead);
    const concealed = Math.min(to - from, Math.max(0, FADE_SAMPLES - this.#gap));
    for (let index = from; index < to; index += 1) frame[index] = this.#next();
    this.#joined = ahead !== undefined && this.#aheadPeriod > 0 && this.#distance === 0;
    return concealed;
  }

  /** Fills `frame[from…to)` with comfort noise: there the peer is silent, nothing is lost. */
  rest(frame: Int16Array, from: number, to: number): void {
    this.#gap = FADE_SAMPLES;
    this.#distance = 0;
    this.#joined = false;
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

  /** Makes the period to repeat: its end is blended into the one before it, so that the repetitions join. */
  #prepare(): void {
    const history = this.#history;
    const period = bestPeriod(history, HISTORY - TEMPLATE, -1);
    const seam = period >> 2;
    for (let index = 0; index < period; index += 1) {
      const at = HISTORY - period + index;
      const share = Math.max(0, index - (period - seam) + 1) / (seam + 1);
      this.#forward[index] = history[at]! * (1 - share) + history[at - period]! * share;
    }
    this.#period = period;
    this.#bend = history[HISTORY - 1]! - history[HISTORY - 1 - period]!;
  }

  #lookAhead({ time, distance, samples, count }: AudioAhead): void {
    this.#distance = distance;
    if (this.#aheadPeriod > 0 && this.#aheadTime === time) return;
    this.#aheadPeriod = 0;
    this.#aheadTime = time;
    const period = count < AHEAD_SAMPLES ? Math.min(this.#period, count) : bestPeriod(samples, 0, 1);
    if (period < LEAST_PERIOD) return;
    this.#aheadPeriod = period;
    const seam = Math.min(period >> 2, count - period);
    for (let index = 0; index < period; index += 1) {
      const share = Math.max(0, seam - index) / (seam + 1);
      this.#backward[index] = samples[index]! * (1 - share) + (share > 0 ? samples[period + index]! * share : 0);
    }
    this.#aheadBend = count > period ? samples[0]! - samples[period]! : 0;
  }

  #next(): number {
    const gap = this.#gap;
    if (gap < FADE_SAMPLES) this.#gap = gap + 1;
    const bent = gap < BEND_SAMPLES ? this.#bend * (1 - gap / BEND_SAMPLES) : 0;
    const repeated = gap < FADE_SAMPLES ? this.#forward[gap % this.#period]! + bent : 0;
    const fade = gap < FULL_SAMPLES ? 1 : Math.max(0, (FADE_SAMPLES - gap) / (FADE_SAMPLES - FULL_SAMPLES));
    const left = this.#distance;
    if (left === 0 || this.#aheadPeriod === 0) return repeated * fade + this.#draw() * (1 - fade);
    this.#distance = left - 1;
    const aheadFade = left < FULL_SAMPLES ? 1 : Math.max(0, (FADE_SAMPLES - left) / (FADE_SAMPLES - FULL_SAMPLES));
    const aheadBent = left < BEND_SAMPLES ? this.#aheadBend * (1 - left / BEND_SAMPLES) : 0;
    const coming = this.#backward[(this.#aheadPeriod - (left % this.#aheadPeriod)) % this.#aheadPeriod]! + aheadBent;
    const share = gap / (gap + left);
    return repeated * fade * (1 - share) + coming * aheadFade * share + this.#draw() * (1 - Math.max(fade, aheadFade));
  }

  /** Even noise of ±√3 has a mean power of 1. */
  #draw(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    return this.#seed * (Math.sqrt(3) / 2 ** 31) * this.#noise;
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

/** The lag, in direction `sign`, at which `samples` resembles most its 10 ms from `at`: greatest correlation. */
function bestPeriod(samples: Int16Array, at: number, sign: 1 | -1): number {
  let best = LEAST_PERIOD;
  let most = Number.NEGATIVE_INFINITY;
  for (let lag = LEAST_PERIOD; lag <= MOST_PERIOD; lag += 1) {
    let [product, square] = [0, 1];
    for (let index = at; index < at + TEMPLATE; index += 1) {
      const other = samples[index + sign * lag]!;
      product += samples[index]! * other;
      square += other * other;
    }
    const found = (product * Math.abs(product)) / square;
    if (found > most) [best, most] = [lag, found];
  }
  return best;
}
