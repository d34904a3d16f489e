import type { Clock } from './types.ts';

/** Something that ends at a moment. */
export interface Expiring {
  /** Monotonic ms. */
  readonly deadlineMonoMs: number;
  expire(): void;
}

const SLOT_MS = 5;

/**
 * One timer for all deadlines. They are kept in slots of 5 ms, so one fires at most 5 ms late and never early; adding
 * and removing is two set operations, where a timer or an `AbortSignal.timeout` of its own costs far more.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Set<Expiring>>();
  #armedFor = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(expiring: Expiring): void {
    const slot = slotOf(expiring);
    const members = this.#slots.get(slot);
    if (members) members.add(expiring);
    else this.#slots.set(slot, new Set([expiring]));
    if (slot < this.#armedFor) this.#arm(slot);
  }

  remove(expiring: Expiring): void {
    const slot = slotOf(expiring);
    const members = this.#slots.get(slot);
    if (!members?.delete(expiring)) return;
    // The timer stays armed for an emptied slot: firing for nothing once is cheaper than re-arming per request.
    if (members.size === 0) this.#slots.delete(slot);
  }

  close(): void {
    this.#cancel();
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(slot: number): void {
    this.#cancel();
    this.#armedFor = slot;
    this.#cancel = this.#clock.after(Math.max(0, slot * SLOT_MS - this.#clock.monoMs()), () => this.#fire());
  }

  #fire(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.monoMs();
    const due: Expiring[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const [slot, members] of this.#slots) {
      if (slot * SLOT_MS <= now) {
        due.push(...members);
        this.#slots.delete(slot);
      } else if (slot < earliest) earliest = slot;
    }
    if (earliest !== Number.POSITIVE_INFINITY) this.#arm(earliest);
    for (const expiring of due) expiring.expire();
  }
}

const slotOf = (expiring: Expiring) => Math.ceil(expiring.deadlineMonoMs / SLOT_MS);
