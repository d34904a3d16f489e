import { type Dialog, type DialogOptions, type DialogState, dialogMemo, readTarget } from '../dialog/index.ts';
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
  readonly openDialog: (opened: Pick<DialogOptions, 'state' | 'answer' | 'isOffer' | 'terms'>) => Dialog;
  /** A final response was handed over. */
  readonly onSettled: () => void;
}

/** An INVITE without final response. `#phase` leaves `ringing` once, with the final response of its kind. */
export class PendingInvite implements IncomingInvite {
  readonly request: SipRequest;
  readonly source: Source;
  readonly callId: string;
  readonly fromTag: string;
  readonly cseq: number;
  readonly toTag: string;
  readonly offer: ParsedOffer | undefined;
  readonly #options: PendingInviteOptions;
  readonly #cancel = new Signal<[SipRequest]>();
  #refreshed: Partial<DialogState> = {};
  #phase: 'ringing' | 'accepted' | 'refused' | 'cancelled' = 'ringing';

  constructor(options: PendingInviteOptions) {
    this.#options = options;
    this.request = options.request;
    this.source = options.source;
    this.callId = options.head.callId;
    this.fromTag = tagOf(options.head.from) ?? '';
    this.cseq = options.head.cseq.seq;
    this.toTag = options.toTag;
    this.offer = options.offer;
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

  headers(name: string): string[] {
    return headerValues(this.request, name);
  }

  provisional(code: 180 | 183, extra: { readonly sdp?: string; readonly headers?: HeaderInput } = {}): boolean {
    if (this.#phase !== 'ringing') return false;
    const headers: HeaderInput = [['Contact', this.#options.contact], ...(extra.headers ?? [])];
    this.#send(code, headers, extra.sdp === undefined ? {} : { body: extra.sdp });
    return true;
  }

  accept(options: { readonly sdp: string; readonly headers?: HeaderInput }): Dialog | undefined {
    if (this.#phase !== 'ringing') return undefined;
    this.#phase = 'accepted';
    const terms = sessionTerms(this.request);
    const own: HeaderInput = [
      ['Contact', this.#options.contact],
      allowHeader,
      supportedHeader,
      ...sessionHeaders(terms),
    ];
    const response = this.#build(200, [...own, ...(options.headers ?? [])], { body: options.sdp });
    const answer = this.#options.pack(response);
    this.#options.transaction.respond(200, answer);
    this.#options.onSettled();
    const state = this.#dialogState(headerValue(response, 'to') ?? '');
    return this.#options.openDialog({ state, answer, isOffer: this.offer === undefined, terms });
  }

  refuse(code: number, options: RefuseOptions = {}): boolean {
    if (!Number.isInteger(code) || code < 300 || code > 699) throw new RangeError(`Not a refusal: ${code}`);
    if (this.#phase !== 'ringing') return false;
    this.#phase = 'refused';
    this.#send(code, options.headers ?? [], options.reason === undefined ? {} : { reason: options.reason });
    this.#options.onSettled();
    return true;
  }

  onCancel(listener: (cancel: SipRequest) => void): void {
    this.#cancel.on(listener);
  }

  /** The caller moved while it rings (UPDATE, RFC 3311 5.2). */
  refreshTarget(target: Partial<DialogState>): void {
    this.#refreshed = target;
  }

  /** A CANCEL or BYE for this call was answered with 200: 487 goes out, then the listeners hear of it. */
  cancel(by: SipRequest): void {
    if (this.#phase !== 'ringing') return;
    this.#phase = 'cancelled';
    this.#send(487, [], {});
    this.#options.onSettled();
    this.#cancel.fire(by);
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
