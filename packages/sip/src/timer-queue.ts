import type { Clock } from './clock.ts';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/**
 * Timers of at least 5 s are for what lingers and for who is gone: they fire together, on a grid of 50 ms, instead of
 * waking the process one by one.
 */
const coarseFromMs = 5_000;
const grainMs = 50;

/** A native timer of more than 2^31 - 1 ms fires at once; peers may ask for sessions of years. */
const longestMs = 2 ** 31 - 1;

/** Cancelled entries may make up this many, and half of the heap, before they are swept out. */
const sweepAbove = 1024;

/**
 * All timers of a server in one heap behind a single clock timer: a call needs several of up to 32 s, and thousands
 * of calls a second would otherwise each hold native timers. Invariant: the clock timer is never later than the
 * earliest live entry.
 */
export class TimerQueue {
  readonly #clock: Clock;
  #heap: Entry[] = [];
  #order = 0;
  #dead = 0;
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `fire` once after `delayMs`, of 5 s and more up to 50 ms later; the returned function cancels it and may be
   * called at any time.
   */
  after(delayMs: number, fire: () => void): () => void {
    const dueMs = this.#clock.monoMs() + delayMs;
    const atMs = delayMs < coarseFromMs ? dueMs : Math.ceil(dueMs / grainMs) * grainMs;
    const entry: Entry = { atMs, order: this.#order++, fire };
    this.#push(entry);
    this.#arm();
    return () => {
      if (!entry.fire) return;
      entry.fire = undefined;
      this.#dead++;
      if (this.#dead > sweepAbove && this.#dead * 2 > this.#heap.length) this.#sweep();
    };
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#heap.length - this.#dead;
  }

  /** Cancels everything. */
  clear(): void {
    for (const entry of this.#heap) entry.fire = undefined;
    this.#heap = [];
    this.#dead = 0;
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || (this.#armed && this.#armed.atMs <= first.atMs)) return;
    this.#armed?.cancel();
    const now = this.#clock.monoMs();
    const delayMs = Math.min(Math.max(0, first.atMs - now), longestMs);
    const atMs = Math.min(first.atMs, now + longestMs);
    this.#armed = { atMs, cancel: this.#clock.after(delayMs, () => this.#run()) };
  }

  #run(): void {
    this.#armed = undefined;
    try {
      this.#fireDue(this.#clock.monoMs());
    } finally {
      // What a callback throws goes on to the clock; the other timers must not be lost with it.
      this.#arm();
    }
  }

  #fireDue(now: number): void {
    for (;;) {
      const first = this.#heap[0];
      // Half a millisecond early counts as due: native timers round down.
      if (!first || (first.fire && first.atMs > now + 0.5)) break;
      this.#pop();
      const { fire } = first;
      first.fire = undefined;
      if (fire) fire();
      else this.#dead--;
    }
  }

  #sweep(): void {
    const live = this.#heap.filter((entry) => entry.fire);
    // A sorted array is a heap.
    this.#heap = live.sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#dead = 0;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
