/**
 * The INVITE server transaction of RFC 3261 17.2.1 as amended by RFC 6026: after a 2xx it stays in `accepted` for
 * 64·T1, so that a retransmitted INVITE is absorbed and never becomes a second call.
 * Each phase owns its timers; leaving a phase stops them.
 */
import type { Outlet, Packet } from '../transport/port.ts';
import type { Schedule, SipTimers } from './timers.ts';
import { retransmit } from './timers.ts';

type State =
  | { readonly phase: 'proceeding'; readonly last?: Packet }
  | { readonly phase: 'accepted'; readonly stop: () => void }
  | { readonly phase: 'completed'; readonly last: Packet; readonly stop: () => void }
  | { readonly phase: 'confirmed'; readonly stop: () => void }
  | { readonly phase: 'terminated' };

/** What an INVITE server transaction needs of its surroundings. */
export interface InviteServerOptions {
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** The transaction is over; `acknowledged` is false where timer H ended it. */
  readonly onTerminated: (end: { readonly acknowledged: boolean }) => void;
}

/** An INVITE server transaction (RFC 3261 17.2.1 as changed by RFC 6026): repeats refusals until the ACK. */
export class InviteServerTransaction {
  readonly #options: InviteServerOptions;
  #state: State = { phase: 'proceeding' };

  constructor(options: InviteServerOptions) {
    this.#options = options;
  }

  get phase(): State['phase'] {
    return this.#state.phase;
  }

  /** Hands a response to the transport; false, and nothing sent, after a final one. */
  respond(status: number, packet: Packet): boolean {
    if (this.#state.phase !== 'proceeding') return false;
    if (status < 200) this.#state = { phase: 'proceeding', last: packet };
    else if (status < 300) this.#accept();
    else this.#complete(packet);
    this.#options.outlet.send(packet);
    return true;
  }

  /** The INVITE came again: the last response is repeated, except after a 2xx, whose repetition is the dialog's. */
  retransmitted(): void {
    const state = this.#state;
    if ((state.phase === 'proceeding' || state.phase === 'completed') && state.last) {
      this.#options.outlet.send(state.last);
    }
  }

  /** An ACK came on this transaction's branch; true where it was for a refusal and is done with. */
  acknowledged(): boolean {
    const state = this.#state;
    if (state.phase === 'accepted' || state.phase === 'proceeding') return false;
    if (state.phase !== 'completed') return true;
    state.stop();
    const { outlet, timers, schedule } = this.#options;
    // Timer I: further ACKs are absorbed for T4 over UDP, not at all over streams.
    const stop = schedule(outlet.reliable ? 0 : timers.t4Ms, () => this.#terminate(true));
    this.#state = { phase: 'confirmed', stop };
    return true;
  }

  /** Ends a refusal without its ACK: nothing is repeated, nothing is known of it any more. */
  forget(): void {
    if (this.#state.phase !== 'completed') return;
    this.#state.stop();
    this.#terminate(true);
  }

  #accept(): void {
    const { timers, schedule } = this.#options;
    this.#state = { phase: 'accepted', stop: schedule(64 * timers.t1Ms, () => this.#terminate(true)) };
  }

  #complete(last: Packet): void {
    const { outlet, timers, schedule } = this.#options;
    const stopG = outlet.reliable ? () => {} : retransmit(schedule, timers, () => outlet.send(last));
    const stopH = schedule(64 * timers.t1Ms, () => {
      stopG();
      this.#terminate(false);
    });
    const stop = () => {
      stopG();
      stopH();
    };
    this.#state = { phase: 'completed', last, stop };
  }

  #terminate(acknowledged: boolean): void {
    this.#state = { phase: 'terminated' };
    this.#options.onTerminated({ acknowledged });
  }
}
