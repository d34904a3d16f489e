/**
 * Calls from outside the known peers, by Call-ID: a call that was let in by its credentials or by its registration goes
 * on, so its ACK, CANCEL, BYE and the like are heard too. A Call-ID alone opens no other call.
 */
import type { Clock } from '../../../runners/clock.ts';
import { customerOf } from './block-table.ts';

interface Guest {
  readonly branch: string;
  readonly source: string;
  stop: () => void;
}

/** Repetitions of a call's last messages may come for 64·T1. */
const LATE_MS = 35_000;

export class Guests {
  readonly #clock: Clock;
  readonly #guests = new Map<string, Guest>();
  readonly #sources = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets a call in, by the branch of its INVITE, until it is `kept` or 35 s are over. */
  add(callId: string, of: { readonly branch: string; readonly address: string }): void {
    this.#delete(callId);
    const source = customerOf(of.address);
    this.#guests.set(callId, { branch: of.branch, source, stop: () => {} });
    this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1);
    this.leave(callId);
  }

  /** It lasts until it is left. */
  keep(callId: string): void {
    this.#guests.get(callId)?.stop();
  }

  /** Only late repetitions can come. */
  leave(callId: string): void {
    const guest = this.#guests.get(callId);
    if (!guest) return;
    guest.stop();
    guest.stop = this.#clock.after(LATE_MS, () => {
      if (this.#guests.get(callId) === guest) this.#delete(callId);
    });
  }

  has(callId: string): boolean {
    return this.#guests.has(callId);
  }

  /** Is it the INVITE that was let in, once more? */
  isRepetition(callId: string, branch: string): boolean {
    return this.#guests.get(callId)?.branch === branch;
  }

  /** Does any call of that source stand? */
  stayAt(address: string): boolean {
    return this.#sources.size > 0 && this.#sources.has(customerOf(address));
  }

  /** Calls in memory. */
  get size(): number {
    return this.#guests.size;
  }

  /** Stops every timer. */
  clear(): void {
    for (const guest of this.#guests.values()) guest.stop();
    this.#guests.clear();
    this.#sources.clear();
  }

  #delete(callId: string): void {
    const guest = this.#guests.get(callId);
    if (!guest) return;
    guest.stop();
    this.#guests.delete(callId);
    const left = (this.#sources.get(guest.source) ?? 1) - 1;
    if (left > 0) this.#sources.set(guest.source, left);
    else this.#sources.delete(guest.source);
  }
}
