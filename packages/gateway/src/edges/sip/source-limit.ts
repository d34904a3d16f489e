/** How often a stranger may try (A3). */

const WINDOW_MS = 10_000;
const MOST_IN_WINDOW = 50;
const MOST_SOURCES = 10_000;

/** Counts per source address in windows of 10 s; guessing call ids is not to be had at speed (A3). */
export class SourceLimit {
  readonly #counts = new Map<string, number>();
  #windowEndsAt = 0;

  /** False once the source has used its share of the window. */
  allow(address: string, monoMs: number): boolean {
    if (monoMs >= this.#windowEndsAt || this.#counts.size >= MOST_SOURCES) {
      this.#counts.clear();
      this.#windowEndsAt = monoMs + WINDOW_MS;
    }
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    return count <= MOST_IN_WINDOW;
  }
}
