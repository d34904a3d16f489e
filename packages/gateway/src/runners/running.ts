/** What runs on this node, by id, and the wait for its end (H5). */
export class Running<T> {
  readonly #byId = new Map<string, T>();
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#byId.size;
  }

  /** All of them as of now: what ends meanwhile stays in the list. */
  all(): readonly T[] {
    return [...this.#byId.values()];
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  add(id: string, one: T): void {
    this.#byId.set(id, one);
  }

  remove(id: string): void {
    this.#byId.delete(id);
    if (this.#byId.size > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Settles when nothing runs. */
  idle(): Promise<void> {
    return this.#byId.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
