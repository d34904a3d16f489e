/**
 * The calls of a server: INVITEs while they ring and the dialogs that become of them, with what is sent to either.
 * Invariant: every map entry is removed by the end of what it stands for.
 */
import { AnsweredDialog, type DialogRequests, ReliableProvisionals } from '../dialog/index.ts';
import { buildResponse, headerList, headerValue, type SipRequest, type SipResponse, tagOf } from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';
import type { Schedule, SipTimers } from '../transaction/index.ts';
import { flowKey, type Outlet } from '../transport/port.ts';
import type { Arrival } from './arrival.ts';
import { InDialogServer } from './in-dialog.ts';
import { judgeLaterRequest } from './judge-request.ts';
import type { IncomingInvite } from './options.ts';
import { type OpenedDialog, PendingInvite } from './pending-invite.ts';
import { readOffer, sdpText } from './read-offer.ts';
import type { Replier } from './replier.ts';
import type { TransactionTable } from './transaction-table.ts';
import type { TransportSet } from './transport-set.ts';
import type { Wire } from './wire.ts';

interface CallServerOptions {
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** A whole number below `below`. */
  readonly draw: (below: number) => number;
  readonly random: () => string;
  readonly wire: Wire;
  readonly reply: Replier;
  readonly transactions: TransactionTable;
  readonly transports: TransportSet;
  readonly requests: DialogRequests;
  readonly onInvite: (invite: IncomingInvite) => void;
}

/** RSeq begins anywhere up to this, so that it never reaches its end (RFC 3262 7.1). */
const firstRSeqs = 2 ** 30;

/** Takes the requests of calls; see the head of this file. */
export class CallServer {
  readonly #options: CallServerOptions;
  readonly #dialogs = new Map<string, AnsweredDialog | PendingInvite>();
  readonly #inDialog: InDialogServer;
  #invites = 0;

  constructor(options: CallServerOptions) {
    this.#options = options;
    this.#inDialog = new InDialogServer(options);
  }

  /** Calls that ring or are connected. */
  get size(): number {
    return this.#dialogs.size;
  }

  /** INVITEs handed on so far. */
  get invites(): number {
    return this.#invites;
  }

  /** The peers, as `flowKey` writes them, that calls ring or run with. */
  flows(): ReadonlySet<string> {
    const all = [...this.#dialogs.values()].map((dialog) =>
      dialog instanceof PendingInvite
        ? flowKey(dialog.source.transport, dialog.source)
        : flowKey(dialog.state.transport, dialog.state.peer),
    );
    return new Set(all);
  }

  /** An INVITE outside a dialog that passed the rules. */
  receiveInvite(arrival: Arrival): void {
    const { request, head, outlet } = arrival;
    const { reply, transactions, wire } = this.#options;
    const { offer, refusal } = readOffer(request);
    if (refusal) return reply.refuse(arrival, refusal);
    this.#invites++;
    const entry = transactions.openInvite(request, head, outlet);
    entry.transaction.respond(100, wire.pack(buildResponse(request, 100), head.callId, 'INVITE'));
    const toTag = this.#options.random();
    const key = dialogKey(head.callId, toTag, tagOf(head.from) ?? '');
    let stopExpiry = () => {};
    const pending = this.#ring(arrival, { offer, toTag, transaction: entry.transaction }, () => {
      stopExpiry();
      delete entry.pending;
      if (this.#dialogs.get(key) === pending) this.#dialogs.delete(key);
    });
    entry.pending = pending;
    entry.toTag = toTag;
    this.#dialogs.set(key, pending);
    const seconds = expirySeconds(request);
    if (seconds !== undefined) stopExpiry = this.#options.schedule(seconds * 1_000, () => pending.expire());
    this.#announce(pending);
  }

  receiveAck({ request, head }: Arrival): void {
    const entry = this.#options.transactions.invite(request, head);
    if (entry?.transaction.acknowledged()) return;
    const dialog = this.#find({ head });
    if (dialog instanceof AnsweredDialog) dialog.receiveAck(head.cseq.seq, sdpText(request).sdp);
  }

  receiveCancel(arrival: Arrival): void {
    const { reply, transactions } = this.#options;
    const entry = transactions.invite(arrival.request, arrival.head);
    if (!entry) return reply.refuse(arrival, { status: 481 });
    const { pending, toTag } = entry;
    reply.answer(arrival, { status: 200 }, toTag);
    pending?.cancel(arrival.request);
  }

  /** A request with a tag of ours. */
  receiveInDialog(arrival: Arrival): void {
    const dialog = this.#find(arrival);
    const refusal = dialog ? judgeLaterRequest(arrival.request) : { status: 481 };
    if (!dialog || refusal) return this.#options.reply.refuse(arrival, refusal ?? { status: 481 });
    if (dialog instanceof PendingInvite) return this.#inDialog.receiveEarly(arrival, dialog);
    return this.#inDialog.receive(arrival, dialog);
  }

  /** Forgets every call; nothing is sent any more. */
  close(): void {
    for (const dialog of this.#dialogs.values()) if (dialog instanceof AnsweredDialog) dialog.abandon();
    this.#dialogs.clear();
  }

  #find({ head }: Pick<Arrival, 'head'>): AnsweredDialog | PendingInvite | undefined {
    return this.#dialogs.get(dialogKey(head.callId, tagOf(head.to) ?? '', tagOf(head.from) ?? ''));
  }

  #ring(
    { request, head, source, transport, outlet }: Arrival,
    call: Pick<ConstructorParameters<typeof PendingInvite>[0], 'offer' | 'toTag' | 'transaction'>,
    onSettled: () => void,
  ): PendingInvite {
    const { transports, wire } = this.#options;
    const mustBeReliable = headerList(request, 'require').some((tag) => tag.toLowerCase() === '100rel');
    return new PendingInvite({
      request,
      head,
      source,
      local: transport.local,
      ...call,
      contact: transports.contact(transport, source, request.uri),
      serverHeaders: wire.serverHeaders,
      pack: (response: SipResponse) => wire.pack(response, head.callId, 'INVITE'),
      reliable: mustBeReliable ? this.#reliable(head.cseq.seq, call.offer) : undefined,
      openDialog: (opened) => this.#openDialog(opened, outlet),
      onSettled,
    });
  }

  #reliable(inviteSeq: number, offer: ParsedOffer | undefined): ReliableProvisionals {
    const { timers, schedule, draw } = this.#options;
    const firstRSeq = 1 + draw(firstRSeqs);
    return new ReliableProvisionals({ timers, schedule, inviteSeq, firstRSeq, isDelayed: offer === undefined });
  }

  #announce(pending: PendingInvite): void {
    try {
      this.#options.onInvite(pending);
    } catch (error) {
      pending.refuse(500);
      throw error;
    }
  }

  #openDialog(opened: OpenedDialog, outlet: Outlet): AnsweredDialog {
    const { timers, schedule, draw, requests } = this.#options;
    const { callId, localTag, remoteTag } = opened.state;
    const key = dialogKey(callId, localTag, remoteTag);
    const onClosed = () => this.#dialogs.delete(key);
    const dialog = new AnsweredDialog({ ...opened, outlet, timers, schedule, draw, requests, onClosed });
    this.#dialogs.set(key, dialog);
    return dialog;
  }
}

const dialogKey = (callId: string, localTag: string, remoteTag: string): string => `${callId} ${localTag} ${remoteTag}`;

/** How long the caller waits for an answer (RFC 3261 13.3.1), where it says so; a day at most. */
function expirySeconds(invite: SipRequest): number | undefined {
  const seconds = Number(/^\d{1,9}$/.exec(headerValue(invite, 'expires') ?? '')?.[0]);
  return seconds > 0 && seconds <= 86_400 ? seconds : undefined;
}
