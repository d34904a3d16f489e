import type { SipResponse } from '../message/index.ts';
import {
  type ClientOptions,
  type Final,
  type InviteClientOptions,
  InviteClientTransaction,
  NonInviteClientTransaction,
  type Schedule,
  type SipTimers,
  silence,
} from '../transaction/index.ts';

/** What one of our requests is sent with. */
export type Sending = Pick<ClientOptions, 'packet' | 'outlet'> & { readonly limitMs?: number };

/** The client transactions in memory. Each is removed when it terminates. */
export class ClientTransactions {
  readonly #timers: SipTimers;
  readonly #schedule: Schedule;
  readonly #open = new Map<string, InviteClientTransaction | NonInviteClientTransaction>();
  readonly #waiting = new Set<(final: Final) => void>();
  #closed = false;

  constructor(timers: SipTimers, schedule: Schedule) {
    this.#timers = timers;
    this.#schedule = schedule;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Sends a request other than INVITE; resolves with how that ended. */
  request(key: string, sending: Sending): Promise<Final> {
    return this.#start(key, (common) => new NonInviteClientTransaction({ ...sending, ...common }));
  }

  /** Gives up a request that is not an INVITE: it is not sent again, and resolves as silence. */
  abandon(key: string): void {
    const transaction = this.#open.get(key);
    if (transaction instanceof NonInviteClientTransaction) transaction.abandon();
  }

  /** Sends an INVITE; resolves as `request` does. */
  invite(key: string, sending: Sending & Pick<InviteClientOptions, 'buildAck' | 'onAccepted'>): Promise<Final> {
    return this.#start(key, (common) => new InviteClientTransaction({ ...sending, ...common }));
  }

  /** Hands a response to its transaction; false where there is none. */
  receive(key: string, response: SipResponse): boolean {
    const transaction = this.#open.get(key);
    transaction?.receive(response);
    return transaction !== undefined;
  }

  /** Resolves everything that waits; nothing is taken any more. */
  close(): void {
    this.#closed = true;
    this.#open.clear();
    for (const giveUp of [...this.#waiting]) giveUp(silence);
  }

  #start(
    key: string,
    open: (
      common: Pick<ClientOptions, 'timers' | 'schedule' | 'onFinal' | 'onTerminated'>,
    ) => InviteClientTransaction | NonInviteClientTransaction,
  ): Promise<Final> {
    if (this.#closed) return Promise.resolve(silence);
    return new Promise((resolve) => {
      const finish = (final: Final) => {
        this.#waiting.delete(finish);
        resolve(final);
      };
      this.#waiting.add(finish);
      const transaction = open({
        timers: this.#timers,
        schedule: this.#schedule,
        onFinal: finish,
        onTerminated: () => this.#open.delete(key),
      });
      this.#open.set(key, transaction);
    });
  }
}
