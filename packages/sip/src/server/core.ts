/**
 * The user agent server without its sockets: bytes come in by `receive`, leave by a `Transport`.
 * Order of a request: parse, admit, transaction, dialog, method rules, `onInvite`.
 */
import { type DialogState, type LocalSide, readDialogMemo } from '../dialog/index.ts';
import { draw } from '../draw.ts';
import type { JsonObject } from '../json.ts';
import { createLocate, DnsNames } from '../locate/index.ts';
import {
  branchCookie,
  buildResponse,
  type HeaderInput,
  headerValue,
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
import { clientKey, defaultTimers, type Schedule, type SipTimers } from '../transaction/index.ts';
import { responseDestination } from '../transport/address.ts';
import type { Source, Transport } from '../transport/port.ts';
import type { Arrival } from './arrival.ts';
import { CallServer } from './call-server.ts';
import { ClientTransactions } from './client-transactions.ts';
import { readInviteMemo } from './invite-memo.ts';
import { judgeFirstRequest, type Refusal } from './judge-request.ts';
import { type MessageEnd, MessageSender, type OutgoingMessage } from './message-sender.ts';
import { MessageServer } from './message-server.ts';
import type { Hop } from './next-hops.ts';
import type { CoreOptions, RefuseOptions, SipStats } from './options.ts';
import { Replier } from './replier.ts';
import { RequestSender } from './request-sender.ts';
import { TransactionTable } from './transaction-table.ts';
import { TransportSet } from './transport-set.ts';
import { stampRequest, Wire } from './wire.ts';

/** The server without its sockets: messages in and out through transports given to it. */
export class SipCore {
  readonly #options: CoreOptions;
  readonly #timers: SipTimers;
  readonly #queue: TimerQueue;
  readonly #schedule: Schedule;
  readonly #transports: TransportSet;
  readonly #wire: Wire;
  readonly #transactions: TransactionTable;
  readonly #requests: RequestSender;
  readonly #reply: Replier;
  readonly #calls: CallServer;
  readonly #messages: MessageServer | undefined;
  readonly #outbox: MessageSender;
  readonly #counts = { received: 0, malformed: 0, notAdmitted: 0, unheeded: 0 };

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#timers = { ...defaultTimers, ...options.timers };
    this.#queue = new TimerQueue(options.clock);
    this.#schedule = (delayMs, fire) => this.#queue.after(delayMs, fire);
    this.#transports = new TransportSet(options.publicHost);
    this.#transactions = new TransactionTable(this.#timers, this.#schedule);
    this.#wire = new Wire(options);
    this.#reply = new Replier({
      wire: this.#wire,
      transactions: this.#transactions,
      random: options.random,
      takesMessages: options.onMessage !== undefined,
    });
    const drawn = (below: number) => draw(options.random(), below);
    const sending = {
      random: options.random,
      userAgent: options.userAgent,
      credentials: options.credentials,
      transports: this.#transports,
      clients: new ClientTransactions(this.#timers, this.#schedule),
      mark: `${branchCookie}${options.random()}.`,
      outlet: ({ transport, to }: Hop) => this.#wire.outlet(transport, to),
    };
    this.#outbox = new MessageSender(sending);
    this.#requests = new RequestSender({
      ...sending,
      timers: this.#timers,
      locate:
        options.locate ??
        createLocate({ clock: options.clock, names: new DnsNames({ clock: options.clock }), draw: drawn }),
    });
    const serving = {
      timers: this.#timers,
      schedule: this.#schedule,
      random: options.random,
      wire: this.#wire,
      reply: this.#reply,
      transactions: this.#transactions,
    };
    this.#calls = new CallServer({
      ...serving,
      draw: drawn,
      transports: this.#transports,
      requests: this.#requests,
      onInvite: (invite) => options.onInvite(invite),
    });
    this.#messages =
      options.onMessage && new MessageServer({ ...serving, onMessage: (message) => options.onMessage?.(message) });
  }

  /** Adds a way in and out. */
  addTransport(transport: Transport): void {
    this.#transports.add(transport);
  }

  /** Takes the head of a message that no length can be told of (RFC 3261 18.3). */
  receiveUnframed(
    head: Uint8Array,
    fault: { readonly status: number; readonly reason: string },
    source: Source,
    transport: Transport,
  ): void {
    this.#counts.received++;
    if (!this.#heeds(source)) return;
    const { message } = parseMessage(head);
    const request = message?.kind === 'request' ? { message } : {};
    this.#refuseMalformed({ ...fault, ...request }, source, transport);
  }

  /** Takes one datagram, or one framed message of a stream; true for a sound request that was admitted. */
  receive(bytes: Uint8Array, source: Source, transport: Transport): boolean {
    // Keep-alives (RFC 5626 double CRLF, single NUL of some NATs) are no messages.
    if (bytes.length <= 4) return false;
    this.#counts.received++;
    if (!this.#heeds(source)) return false;
    const parsed = parseMessage(bytes);
    if (!parsed.ok) this.#refuseMalformed(parsed, source, transport);
    else if (parsed.message.kind === 'response') this.#receiveResponse(parsed.message, parsed.head, source);
    else return this.#receiveRequest(parsed.message, parsed.head, source, transport);
    return false;
  }

  #receiveRequest(message: SipRequest, head: SipHead, source: Source, transport: Transport): boolean {
    const stamped = stampRequest(message, head.via, source);
    const outlet = this.#wire.outlet(transport, responseDestination(head.via, source));
    const verdict = this.#options.admit(source, stamped);
    if (verdict !== 'drop') this.#wire.trace('in', head.callId, `${message.method} ${message.uri}`);
    if (verdict === 'accept' || verdict === 'unproven') {
      const isUnproven = verdict === 'unproven';
      const arrival: Arrival = { request: stamped, head, source, transport, outlet, isUnproven };
      this.#guarded(head.callId, () => this.#dispatch(arrival));
      return !isUnproven;
    }
    this.#counts.notAdmitted++;
    if (verdict !== 'drop') this.#wire.answerStateless(stamped, refusalOf(verdict), outlet);
    return false;
  }

  /** See `SipServer.recoverRefuse`. */
  recoverRefuse(memo: JsonObject, code: number, options: RefuseOptions = {}): boolean {
    const origin = readInviteMemo(memo);
    const parsed = origin && parseMessage(serializeMessage(origin.request));
    if (!origin || !parsed?.ok || parsed.message.kind !== 'request') return false;
    const { source, local, toTag } = origin;
    const transport = this.#transports.find(source.transport, local);
    if (!transport || this.#transactions.invite(parsed.message, parsed.head)) return false;
    const outlet = this.#wire.outlet(transport, responseDestination(parsed.head.via, source));
    const { transaction } = this.#transactions.openInvite(parsed.message, parsed.head, outlet);
    const headers = [...(options.headers ?? []), ...this.#wire.serverHeaders];
    const reason = options.reason === undefined ? {} : { reason: options.reason };
    const response = buildResponse(parsed.message, code, { ...reason, toTag, headers });
    return transaction.respond(code, this.#wire.pack(response, parsed.head.callId, 'INVITE'));
  }

  /** See `SipServer.recoverBye`. */
  async recoverBye(memo: JsonObject, headers?: HeaderInput): Promise<void> {
    const state = readDialogMemo(memo);
    if (state) await this.#requests.bye(sideAfterCrash(state), headers);
  }

  /** See `SipServer.sendMessage`. */
  sendMessage(message: OutgoingMessage): Promise<MessageEnd> {
    return this.#outbox.send(message);
  }

  stats(): SipStats {
    const { unacknowledged, size } = this.#transactions;
    const transactions = size + this.#requests.size;
    return {
      ...this.#counts,
      unacknowledged,
      sent: this.#wire.sent,
      transactions,
      dialogs: this.#calls.size,
      invites: this.#calls.invites,
    };
  }

  /** The peers, as `flowKey` writes them, that calls ring or run with. */
  flowsInUse(): ReadonlySet<string> {
    return this.#calls.flows();
  }

  /** Stops every timer and forgets everything; the transports are the caller's. */
  close(): void {
    this.#requests.close();
    this.#calls.close();
    this.#queue.clear();
    this.#transactions.clear();
  }

  #refuseMalformed(
    failure: Pick<ParseFailure, 'status' | 'reason' | 'message'>,
    source: Source,
    transport: Transport,
  ): void {
    this.#counts.malformed++;
    const { message } = failure;
    if (!message || message.method === 'ACK') return this.#options.onStray?.(source);
    const verdict = this.#options.admit(source, message);
    const isLetIn = verdict === 'accept' || verdict === 'unproven';
    if (!isLetIn) this.#counts.notAdmitted++;
    if (verdict === 'drop') return;
    this.#wire.trace(
      'in',
      headerValue(message, 'call-id') ?? '',
      `${message.method} ${message.uri} (${failure.reason})`,
    );
    const via = parseVia(splitList(headerValue(message, 'via') ?? '')[0] ?? '');
    const outlet = this.#wire.outlet(transport, responseDestination(via, source));
    const fault = { status: failure.status, reason: failure.reason };
    const refusal = isLetIn ? fault : refusalOf(verdict);
    this.#wire.answerStateless(via ? stampRequest(message, via, source) : message, refusal, outlet);
  }

  #heeds(source: Source): boolean {
    const heeded = this.#options.heeds?.(source) ?? true;
    if (!heeded) this.#counts.unheeded++;
    return heeded;
  }

  #receiveResponse(response: SipResponse, head: SipHead, source: Source): void {
    this.#wire.trace('in', head.callId, `${response.status} ${response.reason} (${head.cseq.method})`);
    const branch = paramValue(head.via.params, 'branch');
    const key = branch === undefined ? undefined : clientKey(branch, head.cseq.method);
    if (key === undefined || !this.#requests.receive(key, response)) this.#options.onStray?.(source);
  }

  #dispatch(arrival: Arrival): void {
    const { request, head } = arrival;
    if (request.method === 'ACK') return this.#calls.receiveAck(arrival);
    const known = this.#transactions.known(request, head);
    if (known) return known.retransmitted();
    if (request.method === 'CANCEL') return this.#calls.receiveCancel(arrival);
    if (this.#requests.isLoop(request)) return this.#reply.refuse(arrival, { status: 482 });
    if (tagOf(head.to) !== undefined) return this.#calls.receiveInDialog(arrival);
    const refusal = judgeFirstRequest(request, this.#messages !== undefined) ?? this.#judgeMerged(arrival);
    if (refusal) return this.#reply.refuse(arrival, refusal);
    if (request.method === 'MESSAGE' && this.#messages) return this.#messages.receive(arrival);
    if (request.method === 'INVITE') return this.#calls.receiveInvite(arrival);
    if (request.method === 'OPTIONS') return this.#reply.options(arrival);
    return this.#reply.refuse(arrival, { status: 481 });
  }

  /** A text that came by two ways, or again on a new branch, is known by who takes it: its sender is not to hear 482. */
  #judgeMerged({ request, head }: Arrival): Refusal | undefined {
    return request.method !== 'MESSAGE' && this.#transactions.isMerged(head) ? { status: 482 } : undefined;
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
}

const refusalOf = (verdict: 'refuse' | Refusal): Refusal => (verdict === 'refuse' ? { status: 403 } : verdict);

/** A dialog of a lost process: its requests count from far above what it can have used. */
function sideAfterCrash(state: DialogState): LocalSide {
  let seq = state.localSeq + 1_000;
  return { state, nextSeq: () => ++seq, refreshTarget: () => {} };
}
