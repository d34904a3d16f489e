/**
 * A dialog we answered: it repeats its 200, and that of a re-INVITE, until the ACK (RFC 3261 13.3.1.4), and ends once,
 * by a BYE of either side or for want of an ACK. Our BYE waits for the first ACK or for its absence (RFC 3261 15).
 */
import type { JsonObject } from '../json.ts';
import type { HeaderInput, SipRequest } from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';
import { Signal } from '../signal.ts';
import type { Schedule, SipTimers } from '../transaction/index.ts';
import { retransmit } from '../transaction/index.ts';
import type { Outlet, Packet } from '../transport/port.ts';
import type { Dialog, DialogEnd } from './dialog.ts';
import type { DialogRequests, LocalSide } from './dialog-requests.ts';
import type { DialogState } from './memo.ts';
import { dialogMemo } from './memo.ts';
import { OfferAnswer, type SessionReply } from './offer-answer.ts';
import type { ReliableProvisionals } from './reliable-provisionals.ts';
import { SessionClock, type SessionTerms } from './session-clock.ts';

/** What a dialog needs of its surroundings. */
export interface DialogOptions {
  readonly state: DialogState;
  readonly answer: Packet;
  /** Our description of the session. */
  readonly sdp: string;
  /** Did the 200 carry our offer, so that the ACK has to answer it? */
  readonly isOffer: boolean;
  /** The 200 is still to be sent: `answerHanded` follows, or `neverAnswered`. */
  readonly isHeld: boolean;
  /** The highest CSeq of the peer's so far. */
  readonly remoteSeq: number;
  /** What a late PRACK may be for. */
  readonly reliable: ReliableProvisionals | undefined;
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** A whole number below `below`. */
  readonly draw: (below: number) => number;
  /** The session timer agreed on; none: it never expires. */
  readonly terms: SessionTerms | undefined;
  readonly requests: DialogRequests;
  /** The dialog no longer takes requests. */
  readonly onClosed: () => void;
}

/** The dialog of a 200 that was just handed over, or is about to be; see the head of this file. */
export class AnsweredDialog implements Dialog, LocalSide {
  readonly callId: string;
  readonly #options: DialogOptions;
  readonly #bye = new Signal<[SipRequest]>();
  readonly #ack = new Signal<[string | undefined]>();
  readonly #noAck = new Signal();
  readonly #gone = new Signal<[DialogEnd]>();
  readonly #acknowledgedOrNot = new Signal();
  readonly #session: OfferAnswer;
  readonly #expired = new Signal();
  readonly #clock: SessionClock;
  readonly #digits: ((digit: string, durationMs: number) => void)[] = [];
  readonly #moves: ((memo: JsonObject) => void)[] = [];
  #state: DialogState;
  /** The 200 that waits for its ACK. */
  #unacknowledged: { readonly seq: number; readonly stop: () => void } | undefined;
  #ending: Promise<void> | undefined;
  #remoteSeq: number;
  #ended = false;
  /** No BYE of ours may go out: the caller sent one, or the server closes. */
  #isSilent = false;

  constructor(options: DialogOptions) {
    this.#options = options;
    this.callId = options.state.callId;
    this.#state = options.state;
    this.#session = new OfferAnswer(options.sdp, options.isOffer);
    this.#remoteSeq = options.remoteSeq;
    this.#clock = new SessionClock({
      schedule: options.schedule,
      draw: options.draw,
      onRefreshDue: (terms) => void this.#refresh(terms),
      onExpired: () => this.#expire(),
    });
    this.#clock.restart(options.terms);
    if (options.isHeld) this.#unacknowledged = { seq: options.state.inviteSeq, stop: () => {} };
    else this.answerHanded();
  }

  get memo(): JsonObject {
    return dialogMemo(this.#state);
  }

  get state(): DialogState {
    return this.#state;
  }

  get localTag(): string {
    return this.#state.localTag;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get reliable(): ReliableProvisionals | undefined {
    return this.#options.reliable;
  }

  bye(headers?: HeaderInput): Promise<void> {
    return this.#end('local-bye', headers);
  }

  onBye(listener: (request: SipRequest) => void): void {
    this.#bye.on(listener);
  }

  onDigit(listener: (digit: string, durationMs: number) => void): void {
    this.#digits.push(listener);
  }

  onMoved(listener: (memo: JsonObject) => void): void {
    this.#moves.push(listener);
  }

  onAck(listener: (sdp: string | undefined) => void): void {
    this.#ack.on(listener);
  }

  onOffer(listener: (offer: ParsedOffer) => string | undefined): void {
    this.#session.onOffer(listener);
  }

  onOfferWanted(listener: () => string | undefined): void {
    this.#session.onOfferWanted(listener);
  }

  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void {
    this.#session.onAnswer(listener);
  }

  onNoAck(listener: () => void): void {
    this.#noAck.on(listener);
  }

  onExpired(listener: () => void): void {
    this.#expired.on(listener);
  }

  onGone(listener: (end: DialogEnd) => void): void {
    this.#gone.on(listener);
  }

  /** The 200 was handed over: it is repeated from now on. */
  answerHanded(): void {
    const { state, answer, outlet } = this.#options;
    this.repeatAnswer(state.inviteSeq, answer, outlet);
  }

  /** The INVITE was refused after all, for want of a PRACK. */
  neverAnswered(): void {
    this.#close('no-ack', () => this.#noAck.fire());
  }

  /** An ACK with this dialog's tags came; one with another CSeq is not for our 200. */
  receiveAck(seq: number, sdp: string | undefined): void {
    if (seq !== this.#unacknowledged?.seq) return;
    this.#settleAnswer();
    if (seq !== this.#options.state.inviteSeq) return this.#session.laterAck(sdp);
    this.#session.initialAck();
    this.#ack.fire(sdp);
    this.#acknowledgedOrNot.fire();
  }

  /** Judges a re-INVITE or UPDATE; what it offers is in force once this returned SDP. */
  renegotiate(method: 'INVITE' | 'UPDATE', offer: ParsedOffer | undefined): SessionReply {
    if (this.#ended) return { refused: 'ended' };
    return method === 'UPDATE'
      ? this.#session.update(offer)
      : this.#session.invite(offer, this.#unacknowledged !== undefined);
  }

  /** A key was pressed, as an INFO that is already answered says. */
  receiveDigit(digit: string, durationMs: number): void {
    for (const listener of this.#digits) listener(digit, durationMs);
  }

  /** The peer moved (target refresh, RFC 3261 12.2). */
  refreshTarget(target: Partial<DialogState>): void {
    const before = JSON.stringify(this.memo);
    this.#state = { ...this.#state, ...target };
    const { memo } = this;
    if (JSON.stringify(memo) !== before) for (const listener of this.#moves) listener(memo);
  }

  get remoteTarget(): string {
    return this.#state.remoteTarget;
  }

  nextSeq(): number {
    const localSeq = this.#state.localSeq + 1;
    this.#state = { ...this.#state, localSeq };
    return localSeq;
  }

  /** The peer refreshed the session, on these terms. */
  keepAlive(terms: SessionTerms | undefined): void {
    this.#clock.restart(terms);
  }

  /** Repeats a 200 that was just sent, until its ACK comes or 64·T1 are over. */
  repeatAnswer(seq: number, answer: Packet, outlet: Outlet): void {
    const { schedule, timers } = this.#options;
    const stopRepeating = retransmit(schedule, timers, () => outlet.send(answer));
    const stopWaiting = schedule(64 * timers.t1Ms, () => this.#giveUpOnAck());
    const stop = () => {
      stopRepeating();
      stopWaiting();
    };
    this.#unacknowledged = { seq, stop };
  }

  /** Takes the CSeq of a new request; false where it does not go up, a 500 (RFC 3261 12.2.2). */
  takeSeq(seq: number): boolean {
    if (seq <= this.#remoteSeq) return false;
    this.#remoteSeq = seq;
    return true;
  }

  /** The caller's BYE was answered. */
  receiveBye(request: SipRequest): void {
    this.#close('remote-bye', () => this.#bye.fire(request));
  }

  /** The server closes: nothing is sent any more, and a waiting `bye` resolves. */
  abandon(): void {
    this.#clock.stop();
    this.#settleAnswer();
    this.#isSilent = true;
    this.#acknowledgedOrNot.fire();
  }

  /** Ends without a BYE of ours; `tell` says why, unless one was on its way. */
  #close(why: DialogEnd, tell: () => void): void {
    this.abandon();
    if (this.#ended) return;
    this.#ended = true;
    this.#ending = Promise.resolve();
    this.#options.onClosed();
    tell();
    this.#gone.fire(why);
  }

  async #refresh({ seconds, minSeconds, method = 'UPDATE' }: SessionTerms): Promise<void> {
    const byInvite = method === 'INVITE';
    const sdp = byInvite && !this.#unacknowledged ? this.#session.offerAgain() : undefined;
    if (byInvite && sdp === undefined) return this.#clock.busy();
    const { requests } = this.#options;
    const min = minSeconds === undefined ? {} : { minSeconds };
    const said = await requests.refresh(this, { seconds, ...min, method, ...(sdp === undefined ? {} : { sdp }) });
    if (this.#ended || this.#isSilent) return;
    this.#clock.refreshed(said);
    if (byInvite) this.#session.offeredAgain(said.answer);
  }

  #expire(): void {
    if (this.#ended) return;
    void this.#end('expired', undefined);
    this.#expired.fire();
  }

  #giveUpOnAck(): void {
    this.#settleAnswer();
    const wasEnding = this.#ended;
    this.#acknowledgedOrNot.fire();
    if (!wasEnding) void this.#end('no-ack', undefined);
    this.#noAck.fire();
  }

  #end(why: DialogEnd, headers: HeaderInput | undefined): Promise<void> {
    this.#ending ??= this.#sendBye(why, headers);
    return this.#ending;
  }

  async #sendBye(why: DialogEnd, headers: HeaderInput | undefined): Promise<void> {
    this.#ended = true;
    this.#clock.stop();
    // At once where the first ACK came: only a re-INVITE's 200 may still be repeated then.
    if (this.#unacknowledged) await new Promise<void>((resolve) => this.#acknowledgedOrNot.on(resolve));
    this.#settleAnswer();
    if (!this.#isSilent) await this.#options.requests.bye(this, headers);
    this.#options.onClosed();
    this.#gone.fire(why);
  }

  #settleAnswer(): void {
    this.#unacknowledged?.stop();
    this.#unacknowledged = undefined;
  }
}
