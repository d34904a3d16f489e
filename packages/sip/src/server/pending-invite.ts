import {
  type AnsweredDialog,
  type Dialog,
  type DialogOptions,
  type DialogState,
  dialogMemo,
  type ReliableProvisionals,
  readTarget,
} from '../dialog/index.ts';
import type { JsonObject } from '../json.ts';
import {
  buildResponse,
  type HeaderInput,
  headerList,
  headerValue,
  headerValues,
  type SipHead,
  type SipRequest,
  type SipResponse,
  tagOf,
} from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';
import { Signal } from '../signal.ts';
import type { InviteServerTransaction } from '../transaction/index.ts';
import type { Packet, Source, Transport } from '../transport/port.ts';
import { inviteMemo } from './invite-memo.ts';
import { allowHeader, supportedHeader } from './judge-request.ts';
import type { IncomingInvite, RefuseOptions } from './options.ts';
import { sessionHeaders, sessionTerms } from './session-terms.ts';

/** What a ringing call needs of its surroundings. */
export interface PendingInviteOptions {
  readonly request: SipRequest;
  readonly head: SipHead;
  readonly source: Source;
  readonly local: Transport['local'];
  readonly toTag: string;
  readonly offer: ParsedOffer | undefined;
  readonly transaction: InviteServerTransaction;
  /** The Contact header value. */
  readonly contact: string;
  readonly serverHeaders: HeaderInput;
  readonly pack: (response: SipResponse) => Packet;
  /** Where the caller requires 100rel: then no provisional response goes out otherwise (RFC 3262 3). */
  readonly reliable: ReliableProvisionals | undefined;
  readonly openDialog: (opened: OpenedDialog) => AnsweredDialog;
  /** A final response was handed over. */
  readonly onSettled: () => void;
}

/** What a pending INVITE knows of the dialog it leads to. */
export type OpenedDialog = Pick<
  DialogOptions,
  'state' | 'answer' | 'sdp' | 'isOffer' | 'terms' | 'remoteSeq' | 'reliable' | 'isHeld'
>;

/**
 * An INVITE without final response. `#phase` leaves `ringing` once, with the final response of its kind, or to `held`
 * while a 200 waits for the PRACK that has to come before it.
 */
export class PendingInvite implements IncomingInvite {
  readonly request: SipRequest;
  readonly source: Source;
  readonly callId: string;
  readonly fromTag: string;
  readonly cseq: number;
  readonly toTag: string;
  readonly offer: ParsedOffer | undefined;
  readonly #options: PendingInviteOptions;
  readonly #cancel = new Signal<[SipRequest | undefined]>();
  #refreshed: Partial<DialogState> = {};
  #remoteSeq: number;
  #held: AnsweredDialog | undefined;
  #phase: 'ringing' | 'held' | 'accepted' | 'refused' | 'cancelled' = 'ringing';

  constructor(options: PendingInviteOptions) {
    this.#options = options;
    this.request = options.request;
    this.source = options.source;
    this.callId = options.head.callId;
    this.fromTag = tagOf(options.head.from) ?? '';
    this.cseq = options.head.cseq.seq;
    this.toTag = options.toTag;
    this.offer = options.offer;
    this.#remoteSeq = this.cseq;
    options.reliable?.onUnacknowledged(() => this.#giveUpOnPrack());
  }

  get local(): Transport['local'] {
    return this.#options.local;
  }

  get memo(): JsonObject {
    const { request, source, local, toTag } = this.#options;
    return inviteMemo({ request, source, local, toTag });
  }

  get dialogMemo(): JsonObject {
    return dialogMemo(this.#dialogState(`${headerValue(this.request, 'to') ?? ''};tag=${this.toTag}`));
  }

  get cancelled(): boolean {
    return this.#phase === 'cancelled';
  }

  get ringsWithOffer(): boolean {
    return this.offer === undefined && this.#options.reliable !== undefined;
  }

  get reliable(): ReliableProvisionals | undefined {
    return this.#options.reliable;
  }

  headers(name: string): string[] {
    return headerValues(this.request, name);
  }

  provisional(code: 180 | 183, extra: { readonly sdp?: string; readonly headers?: HeaderInput } = {}): boolean {
    if (this.#phase !== 'ringing') return false;
    const { reliable, contact } = this.#options;
    const headers: HeaderInput = [['Contact', contact], ...(extra.headers ?? [])];
    const body = extra.sdp === undefined || reliable?.sdpSent ? {} : { body: extra.sdp };
    if (!reliable) this.#send(code, headers, body);
    else this.#sendReliably(code, headers, body);
    return true;
  }

  accept(options: { readonly sdp: string; readonly headers?: HeaderInput }): Dialog | undefined {
    if (this.#phase !== 'ringing') return undefined;
    const { reliable } = this.#options;
    const terms = sessionTerms(this.request);
    const own: HeaderInput = [
      ['Contact', this.#options.contact],
      allowHeader,
      supportedHeader,
      ...sessionHeaders(terms),
    ];
    const body = reliable?.sdpSent ? {} : { body: options.sdp };
    const response = this.#build(200, [...own, ...(options.headers ?? [])], body);
    const answer = this.#options.pack(response);
    const isHeld = reliable?.blocksAnswer === true;
    if (!isHeld) this.#handOver(answer);
    const dialog = this.#options.openDialog({
      state: this.#dialogState(headerValue(response, 'to') ?? ''),
      answer,
      sdp: options.sdp,
      isOffer: this.offer === undefined && !reliable?.sdpSent,
      terms,
      remoteSeq: this.#remoteSeq,
      reliable,
      isHeld,
    });
    if (isHeld) this.#hold(dialog, answer);
    return dialog;
  }

  refuse(code: number, options: RefuseOptions = {}): boolean {
    if (!Number.isInteger(code) || code < 300 || code > 699) throw new RangeError(`Not a refusal: ${code}`);
    if (this.#phase !== 'ringing') return false;
    this.#settle('refused', code, options);
    return true;
  }

  onCancel(listener: (cancel: SipRequest | undefined) => void): void {
    this.#cancel.on(listener);
  }

  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void {
    this.#options.reliable?.onAnswer(listener);
  }

  /** Takes the CSeq of a request while it rings; false where it does not go up, a 500 (RFC 3261 12.2.2). */
  takeSeq(seq: number): boolean {
    if (seq <= this.#remoteSeq) return false;
    this.#remoteSeq = seq;
    return true;
  }

  /** The caller moved while it rings (UPDATE, RFC 3311 5.2). */
  refreshTarget(target: Partial<DialogState>): void {
    this.#refreshed = target;
  }

  /** A CANCEL or BYE for this call was answered with 200: 487 goes out, then the listeners hear of it. */
  cancel(by: SipRequest): void {
    if (this.#held) return this.#held.receiveBye(by);
    if (this.#phase !== 'ringing') return;
    this.#settle('cancelled', 487);
    this.#cancel.fire(by);
  }

  /** The time that the INVITE's Expires gives is over (RFC 3261 13.3.1): as if the caller had given up. */
  expire(): void {
    if (this.#phase !== 'ringing') return;
    this.#settle('cancelled', 487);
    this.#cancel.fire(undefined);
  }

  #sendReliably(code: number, headers: HeaderInput, body: { readonly body?: string }): void {
    const { reliable, transaction, pack } = this.#options;
    if (this.ringsWithOffer && !reliable?.sdpSent && body.body === undefined) {
      throw new Error('The first reliable response to an INVITE without offer has to carry one');
    }
    reliable?.send(body.body !== undefined, (rseq) => {
      const own: HeaderInput = [
        ['Require', '100rel'],
        ['RSeq', String(rseq)],
      ];
      const packet = pack(this.#build(code, [...headers, ...own], body));
      return () => transaction.respond(code, packet);
    });
  }

  /** The 200 waits for the PRACK; a caller who gives up meanwhile, or sends none, gets another answer. */
  #hold(dialog: AnsweredDialog, answer: Packet): void {
    this.#phase = 'held';
    this.#held = dialog;
    this.#options.reliable?.whenUnblocked(() => {
      this.#held = undefined;
      this.#handOver(answer);
      dialog.answerHanded();
    });
    dialog.onBye(() => this.#held && this.#settle('cancelled', 487));
  }

  #handOver(answer: Packet): void {
    this.#phase = 'accepted';
    this.#options.reliable?.finish();
    this.#options.transaction.respond(200, answer);
    this.#options.onSettled();
  }

  #settle(phase: 'refused' | 'cancelled', code: number, options: RefuseOptions = {}): void {
    const { headers = [], reason, once = false } = options;
    this.#phase = phase;
    this.#held = undefined;
    this.#options.reliable?.finish();
    this.#send(code, headers, reason === undefined ? {} : { reason });
    if (once) this.#options.transaction.forget();
    this.#options.onSettled();
  }

  /** RFC 3262 3: no PRACK in 64·T1. The caller is as good as gone. */
  #giveUpOnPrack(): void {
    const held = this.#held;
    if (this.#phase !== 'ringing' && !held) return;
    this.#settle('cancelled', 504);
    if (held) held.neverAnswered();
    else this.#cancel.fire(undefined);
  }

  #send(code: number, headers: HeaderInput, content: { readonly body?: string; readonly reason?: string }): void {
    this.#options.transaction.respond(code, this.#options.pack(this.#build(code, headers, content)));
  }

  #build(code: number, headers: HeaderInput, content: { readonly body?: string; readonly reason?: string }) {
    const { toTag, serverHeaders } = this.#options;
    return buildResponse(this.request, code, { ...content, toTag, headers: [...headers, ...serverHeaders] });
  }

  #dialogState(localAddress: string): DialogState {
    const { request, head, source, local } = this.#options;
    return {
      callId: this.callId,
      localTag: this.toTag,
      remoteTag: this.fromTag,
      localAddress,
      remoteAddress: headerValue(request, 'from') ?? '',
      ...readTarget(request, head, { source, local }, head.from.uri),
      routes: headerList(request, 'record-route'),
      localSeq: 0,
      inviteSeq: this.cseq,
      ...this.#refreshed,
    };
  }
}
