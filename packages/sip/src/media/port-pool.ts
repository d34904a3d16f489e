/**
 * The even ports of a range, in random order, so that a stranger cannot guess the next call's port.
 * A port given back rests behind all the others, so that late packets of the old call find nobody.
 */
export class PortPool {
  readonly #free: number[] = [];
  #head = 0;
  #taken = 0;

  /** `random` gives numbers in [0, 1). Both ends of the range count. */
  constructor([first, last]: readonly [number, number], random: () => number) {
    for (let port = first + (first % 2); port <= last; port += 2) this.#free.push(port);
    for (let index = this.#free.length - 1; index > 0; index -= 1) {
      const other = Math.floor(random() * (index + 1));
      [this.#free[index], this.#free[other]] = [this.#free[other]!, this.#free[index]!];
    }
  }

  /** Ports not given out. */
  get free(): number {
    return this.#free.length - this.#head;
  }

  /** Ports given out and not given back. */
  get taken(): number {
    return this.#taken;
  }

  /** The next port, or `undefined` when none is left. */
  take(): number | undefined {
    const port = this.#free[this.#head];
    if (port === undefined) return undefined;
    this.#head += 1;
    this.#taken += 1;
    if (this.#head >= 1_024) this.#dropSpent();
    return port;
  }

  /** Gives back a port, for use after all the others. */
  release(port: number): void {
    this.#taken -= 1;
    this.#free.push(port);
  }

  #dropSpent(): void {
    this.#free.splice(0, this.#head);
    this.#head = 0;
  }
}
