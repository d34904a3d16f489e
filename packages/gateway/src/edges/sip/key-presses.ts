/** The ways a phone tells of a key: in the audio stream (RFC 4733), or by SIP INFO. */
export type KeyWay = 'rtp' | 'info';

/** Two reports of one press come within this of each other. */
const SAME_PRESS_MS = 2_000;
/** More keys in a second than any phone or machine dials: the rest is a flood, and not passed on. */
const MOST_IN_A_SECOND = 50;

interface Report {
  readonly way: KeyWay;
  readonly digit: string;
  readonly atMs: number;
}

/** Counts each press once, though some phones report it both ways; whichever report is first counts. */
export class KeyPresses {
  readonly #monoMs: () => number;
  /** Those whose second report may still come. */
  #single: Report[] = [];
  #sinceMs = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  constructor(monoMs: () => number) {
    this.#monoMs = monoMs;
  }

  /** True for a press of its own, false for the other report of one that was counted, and for what is a flood. */
  isNew(way: KeyWay, digit: string): boolean {
    const atMs = this.#monoMs();
    if (!this.#mayCome(atMs)) return false;
    this.#single = this.#single.filter((report) => atMs - report.atMs <= SAME_PRESS_MS);
    const other = this.#single.findIndex((report) => report.way !== way && report.digit === digit);
    if (other < 0) this.#single.push({ way, digit, atMs });
    else this.#single.splice(other, 1);
    return other < 0;
  }

  #mayCome(atMs: number): boolean {
    if (atMs - this.#sinceMs >= 1_000) {
      this.#sinceMs = atMs;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    return this.#inSecond <= MOST_IN_A_SECOND;
  }
}
