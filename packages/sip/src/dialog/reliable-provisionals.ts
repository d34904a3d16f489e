/**
 * Provisional responses that are to arrive (RFC 3262): one at a time, repeated until its PRACK. They outlive the
 * ringing: a PRACK may come after the 2xx, and a 2xx waits for the PRACK of a response that carries our SDP.
 */
import type { ParsedOffer } from '../sdp/index.ts';
import { Signal } from '../signal.ts';
import type { Schedule, SipTimers } from '../transaction/index.ts';
import { retransmit } from '../transaction/index.ts';

/** What a PRACK acknowledges (RFC 3262 7.2). */
export interface RAck {
  readonly rseq: number;
  readonly seq: number;
  readonly method: string;
}

/** Reads a RAck header; undefined where it is malformed. */
export function parseRAck(value: string): RAck | undefined {
  const match = /^(\d{1,10})[ \t]+(\d{1,10})[ \t]+([\w.!%*+`'~-]+)$/.exec(value.trim());
  return match ? { rseq: Number(match[1]), seq: Number(match[2]), method: match[3] ?? '' } : undefined;
}

interface ReliableProvisionalsOptions {
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** CSeq of the INVITE. */
  readonly inviteSeq: number;
  /** The first RSeq. */
  readonly firstRSeq: number;
  /** Did the INVITE have no offer, so that SDP of ours is one and the PRACK answers it (RFC 3262 5)? */
  readonly isDelayed: boolean;
}

/** The reliable provisional responses of one INVITE. */
export class ReliableProvisionals {
  readonly #options: ReliableProvisionalsOptions;
  readonly #answer = new Signal<[ParsedOffer | undefined]>();
  readonly #unacknowledged = new Signal();
  #rseq: number;
  #open: { readonly hasSdp: boolean; readonly stop: () => void } | undefined;
  #sdpSent = false;
  #isAnswerDue = false;
  #isFinal = false;
  #then = () => {};

  constructor(options: ReliableProvisionalsOptions) {
    this.#options = options;
    this.#rseq = options.firstRSeq - 1;
  }

  /** Did a response carry our SDP? Then the 2xx says no more of it. */
  get sdpSent(): boolean {
    return this.#sdpSent;
  }

  /** Is an offer of ours without answer? */
  get isOfferOpen(): boolean {
    return this.#isAnswerDue;
  }

  /** Must a 2xx wait (RFC 3262 3)? While the response with our SDP has no PRACK. */
  get blocksAnswer(): boolean {
    return this.#open?.hasSdp === true;
  }

  /** The answer to our offer came in a PRACK; undefined where that had none. */
  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void {
    this.#answer.on(listener);
  }

  /** No PRACK came in 64·T1. */
  onUnacknowledged(listener: () => void): void {
    this.#unacknowledged.on(listener);
  }

  /**
   * Sends a response, which `prepare` builds for an RSeq, and repeats it. Nothing is sent while the one before has no
   * PRACK: that is being repeated anyway.
   */
  send(hasSdp: boolean, prepare: (rseq: number) => () => void): void {
    if (this.#open || this.#isFinal) return;
    this.#rseq += 1;
    const send = prepare(this.#rseq);
    const { schedule, timers } = this.#options;
    // The interval doubles without the bound of T2 (RFC 3262 3).
    const stopRepeating = retransmit(schedule, { ...timers, t2Ms: Number.POSITIVE_INFINITY }, send);
    const stopWaiting = schedule(64 * timers.t1Ms, () => {
      this.finish();
      this.#unacknowledged.fire();
    });
    const stop = () => {
      stopRepeating();
      stopWaiting();
    };
    this.#open = { hasSdp, stop };
    this.#sdpSent ||= hasSdp;
    this.#isAnswerDue ||= hasSdp && this.#options.isDelayed;
    send();
  }

  /** A PRACK came; false where it is for none that waits, a 481. */
  acknowledge(rack: RAck | undefined): boolean {
    const isOurs = rack?.rseq === this.#rseq && rack.seq === this.#options.inviteSeq && rack.method === 'INVITE';
    if (!this.#open || !isOurs) return false;
    this.#open.stop();
    this.#open = undefined;
    return true;
  }

  /** Takes the SDP of a PRACK that was acknowledged; false for an offer, which none may be here: a 488. */
  takeSdp(sdp: ParsedOffer | undefined): boolean {
    if (!this.#isAnswerDue) return sdp === undefined;
    this.#isAnswerDue = false;
    this.#answer.fire(sdp);
    return true;
  }

  /** Calls back, once, when the PRACK of what blocks the answer was answered. */
  whenUnblocked(then: () => void): void {
    this.#then = then;
  }

  /** The PRACK was answered. */
  proceed(): void {
    const then = this.#then;
    this.#then = () => {};
    then();
  }

  /** A final response goes out: nothing is repeated any more, yet a late PRACK is still known (RFC 3262 3). */
  finish(): void {
    this.#isFinal = true;
    this.#then = () => {};
    this.#open?.stop();
  }
}
