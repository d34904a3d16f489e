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
import type { DialogState } from './memo.ts';
import { dialogMemo } from './memo.ts';
import { OfferAnswer, type SessionReply } from './offer-answer.ts';
import { SessionClock, type SessionTerms } from './session-clock.ts';

/** Why a dialog is over: the caller's BYE, ours, no ACK within 64·T1, or no refresh of its session timer. */
export type DialogEnd = 'remote-bye' | 'local-bye' | 'no-ack' | 'expired';

/** A call we answered. */
export interface Dialog {
  readonly callId: string;
  /** Plain JSON: enough to send a BYE after a crash. It changes when the caller moves (re-INVITE, UPDATE). */
  readonly memo: JsonObject;
  /** True as soon as a BYE came or one of ours was asked for. */
  readonly ended: boolean;
  /**
   * Ends the call; resolves when the BYE was answered or given up, never rejects. Before the ACK it waits for it,
   * 64·T1 at most. Further calls return the first one's promise.
   */
  bye(headers?: HeaderInput): Promise<void>;
  /** The caller hung up; the 200 was sent. Every listener here is called at once if it already happened. */
  onBye(listener: (request: SipRequest) => void): void;
  /** The caller's ACK came, with the text of its SDP where it has one (the answer to a delayed offer). */
  onAck(listener: (sdp: string | undefined) => void): void;
  /**
   * Asked for the answer to an offer in a re-INVITE or UPDATE (hold, a new address, another codec); undefined refuses
   * it with 488, and the session stays as it was. One listener; without one every offer is refused.
   */
  onOffer(listener: (offer: ParsedOffer) => string | undefined): void;
  /** Asked for an offer by a re-INVITE without SDP; as `onOffer`. The answer comes by `onAnswer`. */
  onOfferWanted(listener: () => string | undefined): void;
  /** The answer to the offer of `onOfferWanted`; undefined where the ACK held none that can be read. One listener. */
  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void;
  /** No ACK within 64·T1 (32 s); the BYE is already on its way. */
  onNoAck(listener: () => void): void;
  /** The session was not refreshed in time (RFC 4028): the caller is gone. The BYE is already on its way. */
  onExpired(listener: () => void): void;
  /** Nothing more will come: the caller's BYE was answered, or ours was, or was given up. */
  onGone(listener: (end: DialogEnd) => void): void;
}

/** What a dialog needs of its surroundings. */
export interface DialogOptions {
  readonly state: DialogState;
  readonly answer: Packet;
  /** Did the 200 carry our offer, so that the ACK has to answer it? */
  readonly isOffer: boolean;
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** The session timer agreed on; none: it never expires. */
  readonly terms: SessionTerms | undefined;
  /** Sends a refresh (RFC 4028); resolves with its final status, 408 for none. */
  readonly sendRefresh: (state: DialogState, seconds: number) => Promise<number>;
  /** Sends the BYE; resolves when it is settled. */
  readonly sendBye: (state: DialogState, headers: HeaderInput | undefined) => Promise<void>;
  /** The dialog no longer takes requests. */
  readonly onClosed: () => void;
}

/** The dialog of a 200 that was just handed over; see the head of this file. */
export class AnsweredDialog implements Dialog {
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
    this.#session = new OfferAnswer(options.isOffer);
    this.#remoteSeq = options.state.inviteSeq;
    this.#clock = new SessionClock({
      schedule: options.schedule,
      onRefreshDue: ({ seconds }) => void this.#refresh(seconds),
      onExpired: () => this.#expire(),
    });
    this.#clock.restart(options.terms);
    this.repeatAnswer(options.state.inviteSeq, options.answer, options.outlet);
  }

  get memo(): JsonObject {
    return dialogMemo(this.#state);
  }

  get localTag(): string {
    return this.#state.localTag;
  }

  get ended(): boolean {
    return this.#ended;
  }

  bye(headers?: HeaderInput): Promise<void> {
    return this.#end('local-bye', headers);
  }

  onBye(listener: (request: SipRequest) => void): void {
    this.#bye.on(listener);
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

  /** The peer moved (target refresh, RFC 3261 12.2.2). */
  refreshTarget(target: Partial<DialogState>): void {
    this.#state = { ...this.#state, ...target };
  }

  get remoteTarget(): string {
    return this.#state.remoteTarget;
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
    this.#clock.stop();
    this.#settleAnswer();
    this.#isSilent = true;
    this.#acknowledgedOrNot.fire();
    if (this.#ended) return;
    this.#ended = true;
    this.#ending = Promise.resolve();
    this.#options.onClosed();
    this.#bye.fire(request);
    this.#gone.fire('remote-bye');
  }

  /** The server closes: nothing is sent any more, and a waiting `bye` resolves. */
  abandon(): void {
    this.#clock.stop();
    this.#settleAnswer();
    this.#isSilent = true;
    this.#acknowledgedOrNot.fire();
  }

  async #refresh(seconds: number): Promise<void> {
    const state = this.#state;
    this.#state = { ...state, localSeq: state.localSeq + 1 };
    const status = await this.#options.sendRefresh(state, seconds);
    if (!this.#ended && !this.#isSilent) this.#clock.refreshed(status);
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
    if (!this.#isSilent) await this.#options.sendBye(this.#state, headers);
    this.#options.onClosed();
    this.#gone.fire(why);
  }

  #settleAnswer(): void {
    this.#unacknowledged?.stop();
    this.#unacknowledged = undefined;
  }
}
