import type { Outlet, Packet } from '../transport/port.ts';
import type { Schedule, SipTimers } from './timers.ts';
import { retransmit } from './timers.ts';

interface NonInviteClientOptions {
  readonly packet: Packet;
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** The final status, once; 408 where none came in 64·T1 (timer F). */
  readonly onFinal: (status: number) => void;
  /** No response can match any more (timer K). */
  readonly onTerminated: () => void;
}

/** The non-INVITE client transaction (RFC 3261 17.1.2). Sends at construction. */
export class NonInviteClientTransaction {
  readonly #options: NonInviteClientOptions;
  #phase: 'trying' | 'proceeding' | 'completed' = 'trying';
  #stopRetransmission: () => void;
  readonly #stopDeadline: () => void;

  constructor(options: NonInviteClientOptions) {
    this.#options = options;
    const { packet, outlet, timers, schedule } = options;
    const send = () => outlet.send(packet);
    this.#stopRetransmission = outlet.reliable ? () => {} : retransmit(schedule, timers, send);
    this.#stopDeadline = schedule(64 * timers.t1Ms, () => this.#finish(408, 0));
    send();
  }

  /** A response matched; provisional ones slow retransmission to T2, later finals are absorbed. */
  receive(status: number): void {
    if (this.#phase === 'completed') return;
    const { outlet, timers } = this.#options;
    if (status >= 200) this.#finish(status, outlet.reliable ? 0 : timers.t4Ms);
    else if (this.#phase === 'trying') this.#proceed();
  }

  #proceed(): void {
    this.#phase = 'proceeding';
    this.#stopRetransmission();
    const { packet, outlet, timers, schedule } = this.#options;
    if (outlet.reliable) return;
    this.#stopRetransmission = retransmit(schedule, { ...timers, t1Ms: timers.t2Ms }, () => outlet.send(packet));
  }

  #finish(status: number, lingerMs: number): void {
    this.#phase = 'completed';
    this.#stopRetransmission();
    this.#stopDeadline();
    this.#options.schedule(lingerMs, this.#options.onTerminated);
    this.#options.onFinal(status);
  }
}
