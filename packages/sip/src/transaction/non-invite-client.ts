import type { SipResponse } from '../message/index.ts';
import type { Outlet, Packet } from '../transport/port.ts';
import type { Schedule, SipTimers } from './timers.ts';
import { retransmit } from './timers.ts';

/** How a request of ours ended: with a response, else as 408 for silence, 503 where it could not be sent. */
export interface Final {
  readonly status: number;
  readonly response?: SipResponse;
}

/** Nothing came in time (RFC 3261 8.1.3.1). */
export const silence: Final = { status: 408 };
/** No way there (RFC 3261 8.1.3.1). */
export const unreachable: Final = { status: 503 };

/** What a client transaction needs of its surroundings. */
export interface ClientOptions {
  readonly packet: Packet;
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** How long the first answer may take: timers B and F; default 64·T1. */
  readonly limitMs?: number;
  /** Once. */
  readonly onFinal: (final: Final) => void;
  /** No response can match any more. */
  readonly onTerminated: () => void;
}

/** The non-INVITE client transaction (RFC 3261 17.1.2). Sends at construction. */
export class NonInviteClientTransaction {
  readonly #options: ClientOptions;
  #phase: 'trying' | 'proceeding' | 'completed' = 'trying';
  #stopRetransmission: () => void;
  #stopDeadline: () => void;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { packet, outlet, timers, schedule, limitMs = 64 * timers.t1Ms } = options;
    const send = () => outlet.send(packet, () => this.#fail());
    this.#stopRetransmission = outlet.reliable ? () => {} : retransmit(schedule, timers, send);
    this.#stopDeadline = schedule(limitMs, () => this.#finish(silence, 0));
    send();
  }

  /** A response matched; provisional ones slow retransmission to T2, later finals are absorbed. */
  receive(response: SipResponse): void {
    if (this.#phase === 'completed') return;
    const { outlet, timers } = this.#options;
    const { status } = response;
    if (status >= 200) this.#finish({ status, response }, outlet.reliable ? 0 : timers.t4Ms);
    else if (this.#phase === 'trying') this.#proceed();
  }

  /** Nobody waits for the answer any more: nothing is sent again, and it ends as silence. */
  abandon(): void {
    if (this.#phase !== 'completed') this.#finish(silence, 0);
  }

  #proceed(): void {
    this.#phase = 'proceeding';
    this.#stopRetransmission();
    const { packet, outlet, timers, schedule, limitMs = 0 } = this.#options;
    const wholeMs = 64 * timers.t1Ms;
    if (limitMs > 0 && limitMs < wholeMs) {
      // Somebody is there: the time an absent one had is no longer the measure.
      this.#stopDeadline();
      this.#stopDeadline = schedule(wholeMs, () => this.#finish(silence, 0));
    }
    if (outlet.reliable) return;
    this.#stopRetransmission = retransmit(schedule, { ...timers, t1Ms: timers.t2Ms }, () => outlet.send(packet));
  }

  #fail(): void {
    if (this.#phase === 'trying') this.#finish(unreachable, 0);
  }

  #finish(final: Final, lingerMs: number): void {
    this.#phase = 'completed';
    this.#stopRetransmission();
    this.#stopDeadline();
    this.#options.schedule(lingerMs, this.#options.onTerminated);
    this.#options.onFinal(final);
  }
}
