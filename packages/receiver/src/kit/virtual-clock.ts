/**
 * A clock that stands still while nothing happens and jumps to the next timer as soon as nobody works: 45 s of ringing
 * pass at once. What really takes time (the handler) passes as long as it takes.
 */

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/** Longer than any chain of promises between the end of a work and the next timer. */
const HOPS = 64;

/** See the module's header. */
export class VirtualClock {
  readonly #timers = new Set<Timer>();
  readonly #startedAt: number;
  #monoMs = 0;
  #working = 0;
  #pumping = false;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  wallMs(): number {
    return this.#startedAt + this.#monoMs;
  }

  /** Fires once; the returned function cancels it. */
  after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#monoMs + delayMs, fire };
    this.#timers.add(timer);
    void this.#pump();
    return () => void this.#timers.delete(timer);
  }

  /** Stands still while the work goes on, then passes by what it took in real time. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#working -= 1;
      this.passTo(this.#monoMs + Math.max(0, performance.now() - startedAt));
      void this.#pump();
    }
  }

  /** Goes on to that moment, firing what is due on the way. */
  passTo(monoMs: number): void {
    for (let next = this.#next(); next !== undefined && next.atMs <= monoMs; next = this.#next()) this.#fire(next);
    this.#monoMs = Math.max(this.#monoMs, monoMs);
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#monoMs = Math.max(this.#monoMs, timer.atMs);
    timer.fire();
  }

  /** Not by a real timer: the test may have replaced those. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (;;) {
      for (let hop = 0; hop < HOPS; hop++) await undefined;
      const next = this.#working === 0 ? this.#next() : undefined;
      if (next === undefined) break;
      this.#fire(next);
    }
    this.#pumping = false;
  }
}
