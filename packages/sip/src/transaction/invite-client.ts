/**
 * The INVITE client transaction of RFC 3261 17.1.1 as amended by RFC 6026: it acknowledges refusals itself, and stays
 * in `accepted` for 64·T1 after a 2xx so that each repetition of that is acknowledged again, by its user.
 */
import type { SipResponse } from '../message/index.ts';
import type { Packet } from '../transport/port.ts';
import { type ClientOptions, type Final, silence, unreachable } from './non-invite-client.ts';
import { retransmit } from './timers.ts';

/** As of other client transactions, with what acknowledges. */
export interface InviteClientOptions extends ClientOptions {
  /** The ACK to a refusal, on this transaction's branch. */
  readonly buildAck: (refusal: SipResponse) => Packet;
  /** A 2xx came, for the first time or again: its ACK is the user's (RFC 3261 13.2.2.4). */
  readonly onAccepted: (response: SipResponse) => void;
}

/** Once it rings somewhere, so long may it take. */
const proceedingMs = 180_000;

/** The INVITE client transaction. Sends at construction. */
export class InviteClientTransaction {
  readonly #options: InviteClientOptions;
  #phase: 'calling' | 'proceeding' | 'accepted' | 'completed' = 'calling';
  #ack: Packet | undefined;
  #stopRetransmission: () => void;
  #stopDeadline: () => void;

  constructor(options: InviteClientOptions) {
    this.#options = options;
    const { packet, outlet, timers, schedule, limitMs = 64 * timers.t1Ms } = options;
    // Timer A doubles without the bound of T2.
    const unbounded = { ...timers, t2Ms: Number.POSITIVE_INFINITY };
    const send = () => outlet.send(packet, () => this.#phase === 'calling' && this.#giveUp(unreachable));
    this.#stopRetransmission = outlet.reliable ? () => {} : retransmit(schedule, unbounded, send);
    this.#stopDeadline = schedule(limitMs, () => this.#giveUp(silence));
    send();
  }

  /** A response matched. */
  receive(response: SipResponse): void {
    const { status } = response;
    if (this.#phase === 'accepted')
      return status >= 200 && status < 300 ? this.#options.onAccepted(response) : undefined;
    if (this.#phase === 'completed')
      return status >= 300 && this.#ack ? this.#options.outlet.send(this.#ack) : undefined;
    if (status < 200) this.#proceed();
    else this.#finish(response);
  }

  #proceed(): void {
    if (this.#phase === 'proceeding') return;
    this.#phase = 'proceeding';
    this.#stop();
    this.#stopDeadline = this.#options.schedule(proceedingMs, () => this.#giveUp(silence));
  }

  #finish(response: SipResponse): void {
    this.#stop();
    const { outlet, timers, schedule, onTerminated, onFinal, onAccepted, buildAck } = this.#options;
    const isAccepted = response.status < 300;
    this.#phase = isAccepted ? 'accepted' : 'completed';
    // Timers M and D: repetitions may come for so long.
    schedule(isAccepted || !outlet.reliable ? 64 * timers.t1Ms : 0, onTerminated);
    if (isAccepted) onAccepted(response);
    else {
      this.#ack = buildAck(response);
      outlet.send(this.#ack);
    }
    onFinal({ status: response.status, response });
  }

  #giveUp(final: Final): void {
    this.#stop();
    this.#phase = 'completed';
    this.#options.schedule(0, this.#options.onTerminated);
    this.#options.onFinal(final);
  }

  #stop(): void {
    this.#stopRetransmission();
    this.#stopDeadline();
  }
}
