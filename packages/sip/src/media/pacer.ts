/** Length of one RTP packet of ours. */
export const FRAME_MS = 20;
/** Samples of one RTP packet at 8 kHz. */
export const FRAME_SAMPLES = 160;

const SLOTS = 4;
const SLOT_MS = FRAME_MS / SLOTS;
/** Lateness up to which every missed frame is still sent, in a burst; what is older is skipped. */
const CATCH_UP_MS = 100;

/** The monotonic clock and timer a pacer runs on. */
export interface PacerClock {
  monoMs(): number;
  after(delayMs: number, fire: () => void): () => void;
}

/** Called once per frame. `cycle` counts 20 ms periods since the pacer was made; a skipped period leaves a gap in it. */
export type PacedMember = (cycle: number, nowMs: number) => void;

/** What the pacer has lived through. */
export interface PacerStats {
  readonly members: number;
  /** The latest a slot ever ran, in ms. */
  readonly maxLateMs: number;
  /** Periods of 20 ms skipped because the thread stood still for longer than 100 ms. */
  readonly skippedCycles: number;
}

/**
 * One timer for all calls: members are spread over four slots of 5 ms, each with an absolute deadline, so lateness
 * never adds up and 500 calls do not fire in one burst. Without members no timer runs.
 */
export class Pacer {
  readonly #clock: PacerClock;
  readonly #slots: readonly Set<PacedMember>[] = Array.from({ length: SLOTS }, () => new Set<PacedMember>());
  readonly #originMs: number;
  #tick = 0;
  #members = 0;
  #cancelTimer: (() => void) | undefined;
  #maxLateMs = 0;
  #skippedCycles = 0;

  constructor(clock: PacerClock) {
    this.#clock = clock;
    this.#originMs = clock.monoMs();
  }

  /** Adds a member to the emptiest slot; the returned function takes it out. */
  add(member: PacedMember): () => void {
    const slot = this.#slots.reduce((best, candidate) => (candidate.size < best.size ? candidate : best));
    slot.add(member);
    this.#members += 1;
    if (this.#members === 1) this.#wake();
    return () => {
      if (!slot.delete(member)) return;
      this.#members -= 1;
      if (this.#members === 0) this.#sleep();
    };
  }

  /** Members, lateness and skips so far. */
  stats(): PacerStats {
    return { members: this.#members, maxLateMs: this.#maxLateMs, skippedCycles: this.#skippedCycles };
  }

  #wake(): void {
    this.#tick = Math.ceil((this.#clock.monoMs() - this.#originMs) / SLOT_MS);
    this.#arm();
  }

  #sleep(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(): void {
    const delayMs = this.#originMs + this.#tick * SLOT_MS - this.#clock.monoMs();
    this.#cancelTimer = this.#clock.after(Math.max(0, delayMs), () => this.#run());
  }

  #run(): void {
    const nowMs = this.#clock.monoMs();
    const due = Math.floor((nowMs - this.#originMs) / SLOT_MS);
    const lateMs = nowMs - this.#originMs - this.#tick * SLOT_MS;
    if (lateMs > this.#maxLateMs) this.#maxLateMs = lateMs;
    if (lateMs > CATCH_UP_MS) {
      const cycles = Math.floor(lateMs / FRAME_MS);
      this.#skippedCycles += cycles;
      this.#tick += cycles * SLOTS;
    }
    while (this.#tick <= due && this.#members > 0) {
      const cycle = Math.floor(this.#tick / SLOTS);
      for (const member of this.#slots[this.#tick % SLOTS]!) member(cycle, nowMs);
      this.#tick += 1;
    }
    if (this.#members > 0) this.#arm();
  }
}
