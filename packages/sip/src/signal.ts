/** Something that happens once. A listener added after it happened is called at once. */
export class Signal<T extends readonly unknown[] = []> {
  #happened: T | undefined;
  readonly #listeners: ((...values: T) => void)[] = [];

  on(listener: (...values: T) => void): void {
    if (this.#happened) listener(...this.#happened);
    else this.#listeners.push(listener);
  }

  /** Only the first call counts. */
  fire(...values: T): void {
    if (this.#happened) return;
    this.#happened = values;
    for (const listener of this.#listeners.splice(0)) listener(...values);
  }
}
