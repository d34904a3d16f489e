/** Samples held, past ones included: 512 ms at 8 kHz. */
const SIZE = 4_096;
const MASK = SIZE - 1;
/** Samples kept behind the head, for time scaling. */
const PAST = 160;
const SHORTEST = 40;
const LONGEST = 120;

/**
 * Samples by their media time, each there or missing, and a head that moves on through them. Times are whole numbers
 * of any size; what is kept reaches from 160 samples behind the head to nearly 4,096 samples beyond that.
 */
export class SampleRing {
  readonly #samples = new Int16Array(SIZE);
  readonly #there = new Uint8Array(SIZE);
  #head = 0;

  /** The time of the next sample to be read. */
  get head(): number {
    return this.#head;
  }

  /** The time from which on nothing can be kept. */
  get end(): number {
    return this.#head + SIZE - PAST;
  }

  /** Forgets everything and begins at `head`. */
  restart(head: number): void {
    this.#there.fill(0);
    this.#head = head;
  }

  has(time: number): boolean {
    return this.#there[time & MASK] === 1;
  }

  /** Keeps the decoded `codes` as the samples from `time` on; `time` must be between `head` and `end`, all of them before `end`. */
  write(time: number, codes: Uint8Array, decodeTable: Int16Array): void {
    for (let index = 0; index < codes.length; index += 1) {
      const place = (time + index) & MASK;
      this.#samples[place] = decodeTable[codes[index]!]!;
      this.#there[place] = 1;
    }
  }

  /** How many samples from the head on are alike there or missing: at most `most`. */
  run(there: boolean, most: number): number {
    const wanted = there ? 1 : 0;
    let count = 0;
    while (count < most && this.#there[(this.#head + count) & MASK] === wanted) count += 1;
    return count;
  }

  /** Copies `to - from` samples from the head on to `frame[from…to)` and moves the head behind them. */
  take(frame: Int16Array, from: number, to: number): void {
    for (let index = from; index < to; index += 1) frame[index] = this.#samples[(this.#head + index - from) & MASK]!;
    this.skip(to - from);
  }

  /** Copies the samples from `time` on into `target` up to the first missing one; gives how many. */
  peek(time: number, target: Int16Array): number {
    let count = 0;
    while (count < target.length && this.has(time + count)) {
      target[count] = this.#samples[(time + count) & MASK]!;
      count += 1;
    }
    return count;
  }

  /** Moves the head on. */
  skip(count: number): void {
    const forgotten = Math.min(count, SIZE);
    for (let index = 0; index < forgotten; index += 1) this.#there[(this.#head - PAST + index) & MASK] = 0;
    this.#head += count;
  }

  /**
   * Fills `frame` while moving the head by `frame.length + change` samples: both ends join without a step, and the two
   * are blended. Needs samples on both sides; `false`, and nothing done, where one is missing.
   */
  takeScaled(frame: Int16Array, change: number): boolean {
    const length = frame.length;
    const first = this.#head + Math.min(0, change);
    const last = this.#head + length + Math.max(0, change);
    for (let time = first; time < last; time += 1) if (!this.has(time)) return false;
    for (let index = 0; index < length; index += 1) {
      const share = index / length;
      const near = this.#samples[(this.#head + index) & MASK]!;
      const far = this.#samples[(this.#head + index + change) & MASK]!;
      frame[index] = near + (far - near) * share;
    }
    this.skip(length + change);
    return true;
  }

  /** The change of 5 to 15 ms, in direction `sign`, at which `takeScaled` of `length` samples is heard least. */
  bestChange(sign: 1 | -1, length: number): number {
    let best = SHORTEST;
    let least = Number.POSITIVE_INFINITY;
    for (let change = SHORTEST; change <= LONGEST; change += 1) {
      let difference = 0;
      for (let index = 0; index < length; index += 2) {
        const near = this.#samples[(this.#head + index) & MASK]!;
        difference += Math.abs(near - this.#samples[(this.#head + index + sign * change) & MASK]!);
      }
      if (difference < least) [best, least] = [change, difference];
    }
    return sign * best;
  }

  /** Whether the next `length` samples are quieter than `level` (root mean square). Missing ones count as they lie. */
  quieter(length: number, level: number): boolean {
    let sum = 0;
    for (let index = 0; index < length; index += 1) sum += this.#samples[(this.#head + index) & MASK]! ** 2;
    return sum < level * level * length;
  }
}
