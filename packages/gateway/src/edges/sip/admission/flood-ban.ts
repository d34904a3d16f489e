/**
 * Silence for strangers who flood (reliability case 61): 16 messages in 2 s, then 300 s of it. Bounded: whoever makes up
 * a million addresses pushes out other strangers' counts, oldest first, and nothing else.
 */
import { customerOf } from './block-table.ts';
import { RecentMap } from './recent-map.ts';

const MOST_MESSAGES = 16;
const WINDOW_MS = 2_000;
/** How long a ban lasts. */
export const BAN_MS = 300_000;
const MOST_SOURCES = 20_000;
const MOST_BANS = 20_000;
/** How long a source that has shown right credentials is above suspicion. */
const VOUCHED_MS = 3_600_000;

/** Counts and bans per address, or per /64 of IPv6. Times are monotonic. */
export class FloodBan {
  /** When the last messages came, oldest first; at most 16. */
  readonly #seen = new RecentMap<number[]>(MOST_SOURCES);
  readonly #bannedUntil = new RecentMap<number>(MOST_BANS);
  readonly #vouchedUntil = new RecentMap<number>(MOST_SOURCES);
  #bans = 0;

  /** Bans since the start. */
  get bans(): number {
    return this.#bans;
  }

  /** Sources remembered, for whatever reason. */
  get size(): number {
    return this.#seen.size + this.#bannedUntil.size + this.#vouchedUntil.size;
  }

  isBanned(address: string, nowMs: number): boolean {
    if (this.#bannedUntil.size === 0) return false;
    const source = customerOf(address);
    const until = this.#bannedUntil.get(source);
    if (until === undefined) return false;
    if (nowMs < until) return true;
    this.#bannedUntil.delete(source);
    return false;
  }

  /** Counts a message; `banned` for the one that is answered last, `silent` from then on. */
  count(address: string, nowMs: number): 'heard' | 'banned' | 'silent' {
    if (this.isBanned(address, nowMs)) return 'silent';
    const source = customerOf(address);
    if (nowMs < (this.#vouchedUntil.get(source) ?? 0)) return 'heard';
    const stamps = (this.#seen.get(source) ?? []).filter((at) => nowMs - at < WINDOW_MS);
    stamps.push(nowMs);
    if (stamps.length < MOST_MESSAGES) {
      this.#seen.set(source, stamps);
      return 'heard';
    }
    this.#seen.delete(source);
    this.#bans += 1;
    this.#bannedUntil.set(source, nowMs + BAN_MS);
    return 'banned';
  }

  /** The source has shown wrong credentials: it is counted again, until it shows right ones. */
  doubt(address: string): void {
    this.#vouchedUntil.delete(customerOf(address));
  }

  /** The source has shown right credentials: for an hour it is not counted. */
  vouch(address: string, nowMs: number): void {
    const source = customerOf(address);
    this.#seen.delete(source);
    this.#vouchedUntil.set(source, nowMs + VOUCHED_MS);
  }
}
