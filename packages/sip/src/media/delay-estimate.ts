import { FRAME_MS } from './pacer.ts';

/** Least delay of the playout: one frame. */
const LEAST_MS = 20;
/** Most delay of the playout: what needs more comes too late for a conversation. */
const MOST_MS = 200;
/** Delay while too little is known. */
const START_MS = 40;
/** Packets until the measured spread alone decides. */
const START_PACKETS = 50;
const BIN_MS = 5;
const BINS = 60;
/** Share of the packets that shall come in time. */
const IN_TIME = 0.99;
/** Weight of each packet against the one before it: half is forgotten after about 230 packets. */
const GROWTH = 1.003;
const WINDOW = 8;
const BUCKET_MS = 1_000;

/**
 * Says how long to hold packets back, from how unevenly they come: the spread of 99 % of the recent ones over the
 * fastest of the last 8 s, and a frame more, since frames do not begin where packets do; between 20 and 200 ms. That window moves, so the drift of two clocks is followed.
 */
export class DelayEstimate {
  readonly #weights = new Float64Array(BINS);
  readonly #fastest = new Float64Array(WINDOW).fill(Number.POSITIVE_INFINITY);
  #weight = 1;
  #total = 0;
  #packets = 0;
  #bucket = 0;
  #baseMs = Number.POSITIVE_INFINITY;
  /** The transit at which the first bin begins. */
  #originMs = 0;
  #targetMs = START_MS;

  /** The transit of the fastest recent packet: arrival less media time, in ms; infinite before the first. */
  get baseMs(): number {
    return this.#baseMs;
  }

  /** How long the fastest packet should wait until it is played. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Notes a packet of `transitMs` (arrival less media time) that came at `nowMs`. */
  note(transitMs: number, nowMs: number): void {
    this.#noteFastest(transitMs, nowMs);
    this.#moveBins(Math.floor(this.#baseMs / BIN_MS) * BIN_MS);
    const bin = Math.min(BINS - 1, Math.floor((transitMs - this.#originMs) / BIN_MS));
    this.#weights[bin] = this.#weights[bin]! + this.#weight;
    this.#total += this.#weight;
    this.#weight *= GROWTH;
    this.#packets += 1;
    if (this.#weight > 1e9) this.#rescale();
    const least = this.#packets < START_PACKETS ? START_MS : LEAST_MS;
    this.#targetMs = Math.min(MOST_MS, Math.max(least, this.#spreadMs() + BIN_MS + FRAME_MS));
  }

  /** Forgets everything: another stream. */
  reset(): void {
    this.#weights.fill(0);
    this.#fastest.fill(Number.POSITIVE_INFINITY);
    this.#weight = 1;
    this.#total = 0;
    this.#packets = 0;
    this.#baseMs = Number.POSITIVE_INFINITY;
    this.#targetMs = START_MS;
  }

  #noteFastest(transitMs: number, nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket !== this.#bucket) {
      const passed = Math.min(WINDOW, Math.max(1, bucket - this.#bucket));
      for (let step = 0; step < passed; step += 1) this.#fastest[(bucket - step) % WINDOW] = Number.POSITIVE_INFINITY;
      this.#bucket = bucket;
    }
    const place = bucket % WINDOW;
    this.#fastest[place] = Math.min(this.#fastest[place]!, transitMs);
    let base = transitMs;
    for (let index = 0; index < WINDOW; index += 1) base = Math.min(base, this.#fastest[index]!);
    this.#baseMs = base;
  }

  /**
   * Lets the first bin begin at `originMs`. What is known of the spread keeps its place in time: a path that became
   * longer for good is not held for jitter once the fastest packets of before are forgotten.
   */
  #moveBins(originMs: number): void {
    const steps = this.#packets === 0 ? 0 : Math.round((originMs - this.#originMs) / BIN_MS);
    this.#originMs = originMs;
    if (steps === 0) return;
    const before = this.#weights.slice();
    this.#weights.fill(0);
    for (let bin = 0; bin < BINS; bin += 1) {
      const moved = Math.min(BINS - 1, Math.max(0, bin - steps));
      this.#weights[moved] = this.#weights[moved]! + before[bin]!;
    }
  }

  #spreadMs(): number {
    let above = this.#total * (1 - IN_TIME);
    let bin = BINS - 1;
    while (bin > 0 && above >= this.#weights[bin]!) {
      above -= this.#weights[bin]!;
      bin -= 1;
    }
    return this.#originMs + (bin + 1) * BIN_MS - this.#baseMs;
  }

  #rescale(): void {
    for (let bin = 0; bin < BINS; bin += 1) this.#weights[bin] = this.#weights[bin]! / this.#weight;
    this.#total /= this.#weight;
    this.#weight = 1;
  }
}
