/**
 * Which nonce counts were used (RFC 7616 3.4.6). Bounded: where more nonces are in use than fit, all nonces up to the
 * age of the forgotten one count as used up, so that forgetting never lets a replay in.
 */

interface Used {
  readonly madeAt: number;
  /** The highest count used; bit i of `below` stands for `highest - 1 - i`. */
  highest: number;
  below: number;
}

/** Counts that come out of order by up to this much are still taken: calls overtake each other on UDP. */
const window = 32;

/** The counts used of nonces that are still good. */
export class NonceUse {
  readonly #half: number;
  readonly #lifetimeMs: number;
  /** Two halves, of which the older is dropped as a whole: to take single entries out of a Map's front is slow. */
  #young = new Map<string, Used>();
  #old = new Map<string, Used>();
  /** Nonces made at or before this are used up. */
  #floor = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly most: number; readonly lifetimeMs: number }) {
    this.#half = Math.max(1, Math.floor(options.most / 2));
    this.#lifetimeMs = options.lifetimeMs;
  }

  /** Nonces remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Takes a count of a nonce made at `madeAt`; false where it was used before, or can no longer be told. */
  take(nonce: string, use: { readonly madeAt: number; readonly count: number; readonly nowMs: number }): boolean {
    const { madeAt, count, nowMs } = use;
    if (count < 1 || madeAt <= this.#floor) return false;
    const known = this.#young.get(nonce) ?? this.#old.get(nonce);
    if (known) return takeCount(known, count);
    this.#makeRoom(nowMs);
    if (madeAt <= this.#floor) return false;
    // Counts below the first one seen stay open: it may have overtaken them.
    this.#young.set(nonce, { madeAt, highest: count, below: 0 });
    return true;
  }

  /** Nonces that were still good take all of their age with them. */
  #makeRoom(nowMs: number): void {
    if (this.#young.size < this.#half) return;
    for (const { madeAt } of this.#old.values()) {
      if (nowMs - madeAt <= this.#lifetimeMs) this.#floor = Math.max(this.#floor, madeAt);
    }
    this.#old = this.#young;
    this.#young = new Map();
  }
}

function takeCount(used: Used, count: number): boolean {
  const ahead = count - used.highest;
  if (ahead > 0) {
    const shifted = ahead < window ? used.below << ahead : 0;
    used.below = ahead > window ? 0 : (shifted | (1 << (ahead - 1))) >>> 0;
    used.highest = count;
    return true;
  }
  const bit = -ahead - 1;
  if (bit < 0 || bit >= window || (used.below & (1 << bit)) !== 0) return false;
  used.below = (used.below | (1 << bit)) >>> 0;
  return true;
}
