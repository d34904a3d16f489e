/**
 * A dialog we answered: it repeats its 200 until the ACK (RFC 3261 13.3.1.4), and ends once, by a BYE of either side
 * or for want of an ACK. Our BYE waits for the ACK or for its absence (RFC 3261 15).
 */
import type { JsonObject } from '../json.ts';
import type { HeaderInput, SipRequest } from '../message/index.ts';
import { Signal } from '../signal.ts';
import type { Schedule, SipTimers } from '../transaction/index.ts';
import { retransmit } from '../transaction/index.ts';
import type { Outlet, Packet } from '../transport/port.ts';
import type { DialogState } from './memo.ts';
import { dialogMemo } from './memo.ts';

/** Why a dialog is over: the caller's BYE, ours, or no ACK within 64·T1. */
export type DialogEnd = 'remote-bye' | 'local-bye' | 'no-ack';

/** A call we answered. */
export interface Dialog {
  readonly callId: string;
  /** Plain JSON: enough to send a BYE after a crash. */
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
  /** No ACK within 64·T1 (32 s); the BYE is already on its way. */
  onNoAck(listener: () => void): void;
  /** Nothing more will come: the caller's BYE was answered, or ours was, or was given up. */
  onGone(listener: (end: DialogEnd) => void): void;
}

/** What a dialog needs of its surroundings. */
export interface DialogOptions {
  readonly state: DialogState;
  readonly answer: Packet;
  readonly outlet: Outlet;
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  /** Sends the BYE; resolves when it is settled. */
  readonly sendBye: (headers: HeaderInput | undefined) => Promise<void>;
  /** The dialog no longer takes requests. */
  readonly onClosed: () => void;
}

/** The dialog of a 200 that was just handed over; see the head of this file. */
export class AnsweredDialog implements Dialog {
  readonly callId: string;
  readonly memo: JsonObject;
  readonly #options: DialogOptions;
  readonly #bye = new Signal<[SipRequest]>();
  readonly #ack = new Signal<[string | undefined]>();
  readonly #noAck = new Signal();
  readonly #gone = new Signal<[DialogEnd]>();
  readonly #acknowledgedOrNot = new Signal();
  #stopAnswer: (() => void) | undefined;
  #ending: Promise<void> | undefined;
  #remoteSeq: number;
  #ended = false;
  /** No BYE of ours may go out: the caller sent one, or the server closes. */
  #isSilent = false;

  constructor(options: DialogOptions) {
    this.#options = options;
    this.callId = options.state.callId;
    this.memo = dialogMemo(options.state);
    this.#remoteSeq = options.state.inviteSeq;
    const { schedule, timers, outlet, answer } = options;
    const stopRepeating = retransmit(schedule, timers, () => outlet.send(answer));
    const stopWaiting = schedule(64 * timers.t1Ms, () => this.#giveUpOnAck());
    this.#stopAnswer = () => {
      stopRepeating();
      stopWaiting();
    };
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

  onNoAck(listener: () => void): void {
    this.#noAck.on(listener);
  }

  onGone(listener: (end: DialogEnd) => void): void {
    this.#gone.on(listener);
  }

  /** An ACK with this dialog's tags came; one with another CSeq is not for our 200. */
  receiveAck(seq: number, sdp: string | undefined): void {
    if (seq !== this.#options.state.inviteSeq || !this.#stopAnswer) return;
    this.#settleAnswer();
    this.#ack.fire(sdp);
    this.#acknowledgedOrNot.fire();
  }

  /** Takes the CSeq of a new request; false where it does not go up, a 500 (RFC 3261 12.2.2). */
  takeSeq(seq: number): boolean {
    if (seq <= this.#remoteSeq) return false;
    this.#remoteSeq = seq;
    return true;
  }

  /** The caller's BYE was answered. */
  receiveBye(request: SipRequest): void {
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
    this.#settleAnswer();
    this.#isSilent = true;
    this.#acknowledgedOrNot.fire();
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
    if (this.#stopAnswer) await new Promise<void>((resolve) => this.#acknowledgedOrNot.on(resolve));
    if (!this.#isSilent) await this.#options.sendBye(headers);
    this.#options.onClosed();
    this.#gone.fire(why);
  }

  #settleAnswer(): void {
    this.#stopAnswer?.();
    this.#stopAnswer = undefined;
  }
}
