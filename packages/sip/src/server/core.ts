/**
 * The user agent server without its sockets: bytes come in by `receive`, leave by a `Transport`.
 * Order of a request: parse, admit, transaction, dialog, method rules, `onInvite`.
 * Invariant: every map entry is removed by a timer or by the end of what it stands for.
 */
import { AnsweredDialog, type Dialog, type DialogState, readDialogMemo } from '../dialog/index.ts';
import type { JsonObject } from '../json.ts';
import {
  buildResponse,
  type HeaderInput,
  headerValue,
  hostPort,
  type ParseFailure,
  paramValue,
  parseMessage,
  parseVia,
  type SipHead,
  type SipRequest,
  type SipResponse,
  serializeMessage,
  splitList,
  tagOf,
} from '../message/index.ts';
import { TimerQueue } from '../timer-queue.ts';
import {
  clientKey,
  defaultTimers,
  InviteServerTransaction,
  mergeKey,
  NonInviteServerTransaction,
  type Schedule,
  type SipTimers,
  serverKey,
} from '../transaction/index.ts';
import { advertisedHost, responseDestination } from '../transport/address.ts';
import type { Destination, Outlet, Packet, Source, Transport } from '../transport/port.ts';
import { createResolveHost } from '../transport/resolve.ts';
import { ByeSender } from './bye-sender.ts';
import { readInviteMemo } from './invite-memo.ts';
import { acceptHeader, allowHeader, judgeRequest, type Refusal, supportedHeader } from './judge-request.ts';
import type { CoreOptions, RefuseOptions, SipStats } from './options.ts';
import { PendingInvite } from './pending-invite.ts';
import { readOffer, sdpText } from './read-offer.ts';
import { stampRequest, Wire } from './wire.ts';

interface InviteEntry {
  readonly transaction: InviteServerTransaction;
  /** Absent once a final response went out. */
  pending?: PendingInvite;
  /** Our tag, once there is one. */
  toTag?: string;
}

/** One admitted request on its way through the server. */
interface Arrival {
  readonly request: SipRequest;
  readonly head: SipHead;
  readonly source: Source;
  readonly transport: Transport;
  readonly outlet: Outlet;
}

/** The server without its sockets: messages in and out through transports given to it. */
export class SipCore {
  readonly #options: CoreOptions;
  readonly #timers: SipTimers;
  readonly #queue: TimerQueue;
  readonly #schedule: Schedule;
  readonly #transports: Transport[] = [];
  readonly #wire: Wire;
  readonly #invites = new Map<string, InviteEntry>();
  readonly #requests = new Map<string, NonInviteServerTransaction>();
  /** Requests outside dialogs by what makes two of them one (RFC 3261 8.2.2.2), to their transaction's key. */
  readonly #merged = new Map<string, string>();
  readonly #dialogs = new Map<string, AnsweredDialog | PendingInvite>();
  readonly #byes: ByeSender;
  readonly #counts = { received: 0, malformed: 0, notAdmitted: 0, invites: 0, unacknowledged: 0 };

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#timers = { ...defaultTimers, ...options.timers };
    this.#queue = new TimerQueue(options.clock);
    this.#schedule = (delayMs, fire) => this.#queue.after(delayMs, fire);
    this.#wire = new Wire(options);
    this.#byes = new ByeSender({
      timers: this.#timers,
      schedule: this.#schedule,
      random: options.random,
      userAgent: options.userAgent,
      resolveHost: options.resolveHost ?? createResolveHost(),
      transportFor: (state) => this.#transportFor(state.transport, state.localHost, state.localPort),
      advertise: (transport, to) => this.#advertise(transport, to),
      send: (packet, transport, to) => this.#wire.send(packet, transport, to),
    });
  }

  /** Adds a way in and out. */
  addTransport(transport: Transport): void {
    this.#transports.push(transport);
  }

  /** Takes one datagram, or one framed message of a stream. */
  receive(bytes: Uint8Array, source: Source, transport: Transport): void {
    // Keep-alives (RFC 5626 double CRLF, single NUL of some NATs) are no messages.
    if (bytes.length <= 4) return;
    this.#counts.received++;
    const parsed = parseMessage(bytes);
    if (!parsed.ok) return this.#refuseMalformed(parsed, source, transport);
    const { message, head } = parsed;
    if (message.kind === 'response') return this.#receiveResponse(message, head);
    const stamped = stampRequest(message, head.via, source);
    const outlet = this.#wire.outlet(transport, responseDestination(head.via, source));
    const arrival: Arrival = { request: stamped, head, source, transport, outlet };
    const verdict = this.#options.admit(source, stamped);
    if (verdict !== 'drop') this.#wire.trace('in', head.callId, `${message.method} ${message.uri}`);
    if (verdict === 'accept') return this.#guarded(head.callId, () => this.#dispatch(arrival));
    this.#counts.notAdmitted++;
    if (verdict === 'refuse') this.#wire.answerStateless(stamped, { status: 403 }, outlet);
  }

  /** See `SipServer.recoverRefuse`. */
  recoverRefuse(memo: JsonObject, code: number, options: RefuseOptions = {}): boolean {
    const origin = readInviteMemo(memo);
    const parsed = origin && parseMessage(serializeMessage(origin.request));
    if (!origin || !parsed?.ok || parsed.message.kind !== 'request') return false;
    const { source, local, toTag } = origin;
    const transport = this.#transportFor(source.transport, local.host, local.port);
    const key = serverKey(parsed.message, parsed.head, 'INVITE');
    if (!transport || this.#invites.has(key)) return false;
    const outlet = this.#wire.outlet(transport, responseDestination(parsed.head.via, source));
    const { transaction } = this.#openInviteTransaction(key, mergeKey(parsed.head), outlet);
    const headers = [...(options.headers ?? []), ...this.#wire.serverHeaders];
    const reason = options.reason === undefined ? {} : { reason: options.reason };
    const response = buildResponse(parsed.message, code, { ...reason, toTag, headers });
    return transaction.respond(code, this.#wire.pack(response, parsed.head.callId, 'INVITE'));
  }

  /** See `SipServer.recoverBye`. */
  async recoverBye(memo: JsonObject, headers?: HeaderInput): Promise<void> {
    const state = readDialogMemo(memo);
    // Far above what the lost process can have used.
    if (state) await this.#byes.send({ ...state, localSeq: state.localSeq + 1_000 }, headers);
  }

  stats(): SipStats {
    const transactions = this.#invites.size + this.#requests.size + this.#byes.size;
    return { ...this.#counts, sent: this.#wire.sent, transactions, dialogs: this.#dialogs.size };
  }

  /** Stops every timer and forgets everything; the transports are the caller's. */
  close(): void {
    this.#byes.close();
    for (const dialog of this.#dialogs.values()) if (dialog instanceof AnsweredDialog) dialog.abandon();
    this.#queue.clear();
    for (const map of [this.#invites, this.#requests, this.#merged, this.#dialogs]) map.clear();
  }

  #refuseMalformed(failure: ParseFailure, source: Source, transport: Transport): void {
    this.#counts.malformed++;
    const { message } = failure;
    if (!message || message.method === 'ACK') return;
    const verdict = this.#options.admit(source, message);
    if (verdict !== 'accept') this.#counts.notAdmitted++;
    if (verdict === 'drop') return;
    this.#wire.trace(
      'in',
      headerValue(message, 'call-id') ?? '',
      `${message.method} ${message.uri} (${failure.reason})`,
    );
    const via = parseVia(splitList(headerValue(message, 'via') ?? '')[0] ?? '');
    const outlet = this.#wire.outlet(transport, responseDestination(via, source));
    const refusal = verdict === 'refuse' ? { status: 403 } : { status: failure.status, reason: failure.reason };
    this.#wire.answerStateless(via ? stampRequest(message, via, source) : message, refusal, outlet);
  }

  #receiveResponse(response: SipResponse, head: SipHead): void {
    this.#wire.trace('in', head.callId, `${response.status} ${response.reason} (${head.cseq.method})`);
    const branch = paramValue(head.via.params, 'branch');
    if (branch !== undefined) this.#byes.receive(clientKey(branch, head.cseq.method), response.status);
  }

  #dispatch(arrival: Arrival): void {
    const { request, head } = arrival;
    if (request.method === 'ACK') return this.#receiveAck(arrival);
    const key = serverKey(request, head, request.method);
    const known = request.method === 'INVITE' ? this.#invites.get(key)?.transaction : this.#requests.get(key);
    if (known) return known.retransmitted();
    if (request.method === 'CANCEL') return this.#receiveCancel(arrival, key);
    if (tagOf(head.to) !== undefined) return this.#receiveInDialog(arrival, key);
    const refusal = judgeRequest(request) ?? this.#judgeMerged(head);
    if (refusal) return this.#refuse(arrival, key, refusal);
    if (request.method === 'INVITE') return this.#receiveInvite(arrival, key);
    if (request.method === 'OPTIONS') return this.#answerOptions(arrival, key);
    return this.#refuse(arrival, key, { status: 481 });
  }

  #judgeMerged(head: SipHead): Refusal | undefined {
    return this.#merged.has(mergeKey(head)) ? { status: 482 } : undefined;
  }

  #receiveAck({ request, head }: Arrival): void {
    const entry = this.#invites.get(serverKey(request, head, 'INVITE'));
    if (entry?.transaction.acknowledged()) return;
    const dialog = this.#dialogs.get(dialogKey(head.callId, tagOf(head.to) ?? '', tagOf(head.from) ?? ''));
    if (dialog instanceof AnsweredDialog) dialog.receiveAck(head.cseq.seq, sdpText(request).sdp);
  }

  #receiveCancel(arrival: Arrival, key: string): void {
    const entry = this.#invites.get(serverKey(arrival.request, arrival.head, 'INVITE'));
    if (!entry) return this.#refuse(arrival, key, { status: 481 });
    const { pending, toTag } = entry;
    this.#answer(arrival, key, { status: 200 }, toTag);
    pending?.cancel(arrival.request);
  }

  #receiveInDialog(arrival: Arrival, key: string): void {
    const { request, head } = arrival;
    const dialog = this.#dialogs.get(dialogKey(head.callId, tagOf(head.to) ?? '', tagOf(head.from) ?? ''));
    const refusal = dialog ? judgeRequest(request) : { status: 481 };
    if (!dialog || refusal) return this.#refuse(arrival, key, refusal ?? { status: 481 });
    if (dialog instanceof PendingInvite) return this.#receiveEarly(arrival, key, dialog);
    if (!dialog.takeSeq(head.cseq.seq)) return this.#refuse(arrival, key, { status: 500, reason: 'CSeq Out of Order' });
    if (request.method === 'OPTIONS') return this.#answerOptions(arrival, key);
    if (request.method === 'INVITE') return this.#refuse(arrival, key, { status: 488 });
    this.#answer(arrival, key, { status: 200 });
    dialog.receiveBye(request);
  }

  #receiveEarly(arrival: Arrival, key: string, pending: PendingInvite): void {
    const { method } = arrival.request;
    if (method === 'OPTIONS') return this.#answerOptions(arrival, key);
    if (method === 'INVITE') return this.#refuse(arrival, key, { status: 491 });
    this.#answer(arrival, key, { status: 200 });
    pending.cancel(arrival.request);
  }

  #receiveInvite(arrival: Arrival, key: string): void {
    const { request, head, source, transport, outlet } = arrival;
    const { offer, refusal } = readOffer(request);
    if (refusal) return this.#refuse(arrival, key, refusal);
    this.#counts.invites++;
    const entry = this.#openInviteTransaction(key, mergeKey(head), outlet);
    const pack = (response: SipResponse) => this.#wire.pack(response, head.callId, 'INVITE');
    entry.transaction.respond(100, pack(buildResponse(request, 100)));
    const toTag = this.#options.random();
    const early = dialogKey(head.callId, toTag, tagOf(head.from) ?? '');
    const pending = new PendingInvite({
      request,
      head,
      source,
      local: transport.local,
      toTag,
      offer,
      transaction: entry.transaction,
      contact: `<sip:${this.#advertise(transport, source)}>`,
      serverHeaders: this.#wire.serverHeaders,
      pack,
      openDialog: (state, answer) => this.#openDialog(state, answer, outlet),
      onSettled: () => {
        delete entry.pending;
        this.#dialogs.delete(early);
      },
    });
    entry.pending = pending;
    entry.toTag = toTag;
    this.#dialogs.set(early, pending);
    this.#announce(pending);
  }

  #announce(pending: PendingInvite): void {
    try {
      this.#options.onInvite(pending);
    } catch (error) {
      pending.refuse(500);
      throw error;
    }
  }

  /** What a callback throws is reported where somebody listens for it. */
  #guarded(callId: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!this.#options.onError) throw error;
      this.#options.onError(error, callId);
    }
  }

  #openInviteTransaction(key: string, merge: string, outlet: Outlet): InviteEntry {
    const transaction = new InviteServerTransaction({
      outlet,
      timers: this.#timers,
      schedule: this.#schedule,
      onTerminated: ({ acknowledged }) => {
        if (!acknowledged) this.#counts.unacknowledged++;
        this.#forget(this.#invites, key, merge);
      },
    });
    const entry: InviteEntry = { transaction };
    this.#invites.set(key, entry);
    if (!this.#merged.has(merge)) this.#merged.set(merge, key);
    return entry;
  }

  #openDialog(state: DialogState, answer: Packet, outlet: Outlet): Dialog {
    const key = dialogKey(state.callId, state.localTag, state.remoteTag);
    const dialog = new AnsweredDialog({
      state,
      answer,
      outlet,
      timers: this.#timers,
      schedule: this.#schedule,
      sendBye: (headers) => this.#byes.send(state, headers),
      onClosed: () => this.#dialogs.delete(key),
    });
    this.#dialogs.set(key, dialog);
    return dialog;
  }

  #answerOptions(arrival: Arrival, key: string): void {
    this.#answer(arrival, key, { status: 200, headers: [allowHeader, acceptHeader, supportedHeader] });
  }

  #refuse(arrival: Arrival, key: string, refusal: Refusal): void {
    if (arrival.request.method !== 'INVITE') return this.#answer(arrival, key, refusal);
    const response = this.#wire.build(arrival.request, refusal, this.#options.random());
    const merge = mergeKey(arrival.head);
    const { transaction } = this.#openInviteTransaction(key, merge, arrival.outlet);
    transaction.respond(refusal.status, this.#wire.pack(response, arrival.head.callId, 'INVITE'));
  }

  #answer(arrival: Arrival, key: string, answer: Refusal, toTag = this.#options.random()): void {
    const { request, head, outlet } = arrival;
    const merge = mergeKey(head);
    const transaction = new NonInviteServerTransaction({
      outlet,
      timers: this.#timers,
      schedule: this.#schedule,
      onTerminated: () => this.#forget(this.#requests, key, merge),
    });
    this.#requests.set(key, transaction);
    if (!this.#merged.has(merge)) this.#merged.set(merge, key);
    transaction.respond(this.#wire.pack(this.#wire.build(request, answer, toTag), head.callId, request.method));
  }

  #forget(map: Map<string, unknown>, key: string, merge: string): void {
    map.delete(key);
    if (this.#merged.get(merge) === key) this.#merged.delete(merge);
  }

  #transportFor(kind: string, host: string, port: number): Transport | undefined {
    const same = this.#transports.filter((transport) => transport.kind === kind);
    return same.find(({ local }) => local.host === host && local.port === port) ?? same[0];
  }

  #advertise(transport: Transport, peer: Destination): string {
    return hostPort(advertisedHost(transport, peer.address, this.#options.publicHost), transport.local.port);
  }
}

const dialogKey = (callId: string, localTag: string, remoteTag: string): string => `${callId} ${localTag} ${remoteTag}`;
