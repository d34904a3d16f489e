import type { Outlet, Packet } from '../transport/port.ts';
import type { Schedule, SipTimers } from './timers.ts';

interface NonInviteServerOptions {
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  readonly onTerminated: () => void;
}

/** The non-INVITE server transaction (RFC 3261 17.2.2): answers once, repeats the answer until timer J (64·T1). */
export class NonInviteServerTransaction {
  readonly #options: NonInviteServerOptions;
  #last: Packet | undefined;

  constructor(options: NonInviteServerOptions) {
    this.#options = options;
  }

  /** Hands the final response to the transport; later ones are ignored. */
  respond(packet: Packet): void {
    if (this.#last) return;
    this.#last = packet;
    const { outlet, timers, schedule, onTerminated } = this.#options;
    outlet.send(packet);
    schedule(outlet.reliable ? 0 : 64 * timers.t1Ms, onTerminated);
  }

  /** The request came again. */
  retransmitted(): void {
    if (this.#last) this.#options.outlet.send(this.#last);
  }
}
