import type { SipResponse } from '../message/index.ts';
import type { Outlet, Packet } from '../transport/port.ts';
import type { Schedule, SipTimers } from './timers.ts';
import { retransmit } from './timers.ts';

/** What a client transaction needs of its surroundings. */
export interface ClientOptions {
  readonly packet: Packet;
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** How long the first answer may take: timers B and F; default 64·T1. */
  readonly limitMs?: number;
  /** The final response, once; undefined where none came in time. */
  readonly onFinal: (response: SipResponse | undefined) => void;
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
    const send = () => outlet.send(packet);
    this.#stopRetransmission = outlet.reliable ? () => {} : retransmit(schedule, timers, send);
    this.#stopDeadline = schedule(limitMs, () => this.#finish(undefined, 0));
    send();
  }

  /** A response matched; provisional ones slow retransmission to T2, later finals are absorbed. */
  receive(response: SipResponse): void {
    if (this.#phase === 'completed') return;
    const { outlet, timers } = this.#options;
    if (response.status >= 200) this.#finish(response, outlet.reliable ? 0 : timers.t4Ms);
    else if (this.#phase === 'trying') this.#proceed();
  }

  #proceed(): void {
    this.#phase = 'proceeding';
    this.#stopRetransmission();
    const { packet, outlet, timers, schedule, limitMs = 0 } = this.#options;
    const wholeMs = 64 * timers.t1Ms;
    if (limitMs > 0 && limitMs < wholeMs) {
      // Somebody is there: the time an absent one had is no longer the measure.
      this.#stopDeadline();
      this.#stopDeadline = schedule(wholeMs, () => this.#finish(undefined, 0));
    }
    if (outlet.reliable) return;
    this.#stopRetransmission = retransmit(schedule, { ...timers, t1Ms: timers.t2Ms }, () => outlet.send(packet));
  }

  #finish(response: SipResponse | undefined, lingerMs: number): void {
    this.#phase = 'completed';
    this.#stopRetransmission();
    this.#stopDeadline();
    this.#options.schedule(lingerMs, this.#options.onTerminated);
    this.#options.onFinal(response);
  }
}
