/** The ways a phone tells of a key: in the audio stream (RFC 4733), or by SIP INFO. */
export type KeyWay = 'rtp' | 'info';

/** Two reports of one press come within this of each other. */
const SAME_PRESS_MS = 2_000;

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

  constructor(monoMs: () => number) {
    this.#monoMs = monoMs;
  }

  /** True for a press of its own, false for the other report of one that was counted. */
  isNew(way: KeyWay, digit: string): boolean {
    const atMs = this.#monoMs();
    this.#single = this.#single.filter((report) => atMs - report.atMs <= SAME_PRESS_MS);
    const other = this.#single.findIndex((report) => report.way !== way && report.digit === digit);
    if (other < 0) this.#single.push({ way, digit, atMs });
    else this.#single.splice(other, 1);
    return other < 0;
  }
}
