/** Timers by name: one that is set anew replaces the one of its name. */
import type { Clock } from './clock.ts';

export class Timers<Name extends string> {
  readonly #clock: Clock;
  readonly #cancels = new Map<Name, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Fires once at that moment of the monotonic clock, at once where it is past. */
  set(name: Name, atMonoMs: number, fire: () => void): void {
    this.#cancels.get(name)?.();
    this.#cancels.set(name, this.#clock.after(atMonoMs - this.#clock.monoMs(), fire));
  }

  clear(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
