import type { SipHead, SipRequest } from '../message/index.ts';
import {
  InviteServerTransaction,
  mergeKey,
  NonInviteServerTransaction,
  type Schedule,
  type SipTimers,
  serverKey,
} from '../transaction/index.ts';
import type { Outlet } from '../transport/port.ts';
import type { PendingInvite } from './pending-invite.ts';

/** An INVITE and what became of it. */
export interface InviteEntry {
  readonly transaction: InviteServerTransaction;
  /** Absent once a final response went out, and for an INVITE in a dialog. */
  pending?: PendingInvite;
  /** Our tag, once there is one. */
  toTag?: string;
}

/** The server transactions in memory. Each is removed when it terminates. */
export class TransactionTable {
  readonly #timers: SipTimers;
  readonly #schedule: Schedule;
  readonly #invites = new Map<string, InviteEntry>();
  readonly #requests = new Map<string, NonInviteServerTransaction>();
  /** Requests outside dialogs by what makes two of them one (RFC 3261 8.2.2.2), to their transaction's key. */
  readonly #merged = new Map<string, string>();
  #unacknowledged = 0;

  constructor(timers: SipTimers, schedule: Schedule) {
    this.#timers = timers;
    this.#schedule = schedule;
  }

  get size(): number {
    return this.#invites.size + this.#requests.size;
  }

  /** Refusals whose ACK never came (timer H). */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** The INVITE that a request with this Via, an ACK or CANCEL too, belongs to. */
  invite(request: SipRequest, head: SipHead): InviteEntry | undefined {
    return this.#invites.get(serverKey(request, head, 'INVITE'));
  }

  /** The transaction a repeated request belongs to. */
  known(request: SipRequest, head: SipHead): InviteServerTransaction | NonInviteServerTransaction | undefined {
    if (request.method === 'INVITE') return this.invite(request, head)?.transaction;
    return this.#requests.get(serverKey(request, head, request.method));
  }

  /** Did the same request come by another way (RFC 3261 8.2.2.2)? */
  isMerged(head: SipHead): boolean {
    return this.#merged.has(mergeKey(head));
  }

  openInvite(request: SipRequest, head: SipHead, outlet: Outlet): InviteEntry {
    const key = serverKey(request, head, 'INVITE');
    const merge = mergeKey(head);
    const transaction = new InviteServerTransaction({
      outlet,
      timers: this.#timers,
      schedule: this.#schedule,
      onTerminated: ({ acknowledged }) => {
        if (!acknowledged) this.#unacknowledged++;
        this.#forget(this.#invites, key, merge);
      },
    });
    const entry: InviteEntry = { transaction };
    this.#invites.set(key, entry);
    if (!this.#merged.has(merge)) this.#merged.set(merge, key);
    return entry;
  }

  openRequest(request: SipRequest, head: SipHead, outlet: Outlet): NonInviteServerTransaction {
    const key = serverKey(request, head, request.method);
    const merge = mergeKey(head);
    const transaction = new NonInviteServerTransaction({
      outlet,
      timers: this.#timers,
      schedule: this.#schedule,
      onTerminated: () => this.#forget(this.#requests, key, merge),
    });
    this.#requests.set(key, transaction);
    if (!this.#merged.has(merge)) this.#merged.set(merge, key);
    return transaction;
  }

  clear(): void {
    for (const map of [this.#invites, this.#requests, this.#merged]) map.clear();
  }

  #forget(map: Map<string, unknown>, key: string, merge: string): void {
    map.delete(key);
    if (this.#merged.get(merge) === key) this.#merged.delete(merge);
  }
}
