/**
 * Numbers and resolved targets kept as parsed objects. Only for the process that holds the folder's lock: nobody
 * else can then write, and every configuration command empties the cache when it is sent and when it has ended;
 * in between nothing is kept. So a read after a command's answer never sees what was before it.
 */
import type { NumberRow, ResolveResult } from '../port.ts';

/** Entries of each kind; a full cache starts anew. */
const MOST = 4_096;

export class ConfigCache {
  readonly #numbers = new Map<string, NumberRow>();
  readonly #targets = new Map<string, ResolveResult>();
  #writing = 0;

  number(phoneNumber: string, read: () => NumberRow | undefined): NumberRow | undefined {
    return this.#keep(this.#numbers, phoneNumber, read);
  }

  /** The key says agent and reference; a reference's type counts (`1` is not `"1"`). */
  target(key: string, read: () => ResolveResult): ResolveResult {
    return this.#keep(this.#targets, key, read) as ResolveResult;
  }

  /** Runs a command that changes configuration. */
  async around<T>(write: Promise<T>): Promise<T> {
    this.#writing++;
    this.#clear();
    try {
      return await write;
    } finally {
      this.#writing--;
      this.#clear();
    }
  }

  #keep<T>(kept: Map<string, T>, key: string, read: () => T | undefined): T | undefined {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const value = read();
    if (value === undefined || this.#writing > 0) return value;
    if (kept.size >= MOST) kept.clear();
    kept.set(key, value);
    return value;
  }

  #clear(): void {
    this.#numbers.clear();
    this.#targets.clear();
  }
}
