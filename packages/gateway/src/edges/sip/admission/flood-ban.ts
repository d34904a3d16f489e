/**
 * Silence for strangers who flood (reliability case 61): 16 messages in 2 s, then 300 s of it. Bounded: whoever makes up
 * a million addresses pushes out other strangers' counts, oldest first, and nothing else.
 */
import { customerOf } from './block-table.ts';

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
  /** When the last messages came, oldest first; at most 16. Sources in the order of their first message. */
  readonly #seen = new Map<string, number[]>();
  readonly #bannedUntil = new Map<string, number>();
  readonly #vouchedUntil = new Map<string, number>();
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
    this.#seen.delete(source);
    if (stamps.length < MOST_MESSAGES) {
      // Set anew, so that who is at it now is forgotten last.
      keep(this.#seen, source, stamps, MOST_SOURCES);
      return 'heard';
    }
    this.#bans += 1;
    keep(this.#bannedUntil, source, nowMs + BAN_MS, MOST_BANS);
    return 'banned';
  }

  /** The source has shown right credentials: for an hour it is not counted. */
  vouch(address: string, nowMs: number): void {
    const source = customerOf(address);
    this.#seen.delete(source);
    this.#vouchedUntil.delete(source);
    keep(this.#vouchedUntil, source, nowMs + VOUCHED_MS, MOST_SOURCES);
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.set(key, value);
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
