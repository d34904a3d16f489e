/** What a path does to the packets it carries. */
export interface Impairment {
  /** Share of the packets that is lost in the long run, 0 to under 1. */
  readonly lossShare: number;
  /** How many are lost in a row, in the mean; 1 to lose each by itself. */
  readonly meanBurst: number;
  /** Mean time on the way. */
  readonly delayMs: number;
  /** Each packet takes up to so much more or less, evenly spread and each by itself: over half a packet's length they overtake. */
  readonly jitterMs: number;
  /** Share of the packets that take the shortest way whatever the others do, and so overtake. */
  readonly overtakeShare: number;
  /** Share of the packets that come twice. */
  readonly copyShare: number;
}

/** A path that does nothing. */
export const CLEAR: Impairment = {
  lossShare: 0,
  meanBurst: 1,
  delayMs: 0,
  jitterMs: 0,
  overtakeShare: 0,
  copyShare: 0,
};

/** What two-way audio must survive: 5 % lost, a fifth of it in a burst of its own, 60 ± 40 ms, out of order, copies. */
export const ROUGH: Impairment = {
  lossShare: 0.05,
  meanBurst: 1.25,
  delayMs: 60,
  jitterMs: 40,
  overtakeShare: 0.02,
  copyShare: 0.01,
};

/** The same as long bursts: of each loss 3 packets, so that words are hit and not samples. */
export const BURSTY: Impairment = { ...ROUGH, meanBurst: 3 };

/**
 * One direction of a path. Losses follow Gilbert's model: a good state that loses nothing and a bad one that loses all,
 * with the chances of changing between them chosen for share and mean length. `random` gives numbers in [0, 1).
 */
export class ImpairedPath {
  readonly #impairment: Impairment;
  readonly #random: () => number;
  #bad = false;

  constructor(impairment: Impairment, random: () => number) {
    if (!(impairment.lossShare >= 0 && impairment.lossShare < 1 && impairment.meanBurst >= 1)) {
      throw new RangeError('A loss share is from 0 to under 1, and a burst at least one packet long.');
    }
    this.#impairment = impairment;
    this.#random = random;
  }

  /** When a packet sent at `nowMs` arrives: never, once or, as a copy, twice. */
  carry(nowMs: number): readonly number[] {
    const { copyShare } = this.#impairment;
    if (this.#loses()) return [];
    const first = nowMs + this.#transitMs();
    return this.#random() < copyShare ? [first, nowMs + this.#transitMs()] : [first];
  }

  #loses(): boolean {
    const { lossShare, meanBurst } = this.#impairment;
    if (lossShare === 0) return false;
    const change = this.#bad ? 1 / meanBurst : Math.min(1, lossShare / ((1 - lossShare) * meanBurst));
    if (this.#random() < change) this.#bad = !this.#bad;
    return this.#bad;
  }

  #transitMs(): number {
    const { delayMs, jitterMs, overtakeShare } = this.#impairment;
    const overtakes = this.#random() < overtakeShare;
    return Math.max(0, delayMs + jitterMs * (overtakes ? -1 : 2 * this.#random() - 1));
  }
}
