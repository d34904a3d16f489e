/**
 * Offers and answers after the 200 (RFC 3264, RFC 3261 14, RFC 3311): one at a time. An offer of the peer's is
 * answered at once; one of ours is open until its answer: in the ACK where a re-INVITE without SDP asked for it, in the
 * 200 of a re-INVITE of ours, which offers what is in force already.
 */
import type { ParsedOffer } from '../sdp/index.ts';
import { parseOffer } from '../sdp/index.ts';

/** What is said to a request that may change the session: our SDP, or why not. */
export type SessionReply =
  | { readonly sdp?: string }
  | { readonly refused: 'ended' | 'pending' | 'overlapping' | 'not-acceptable' };

/** The offers and answers of one dialog. */
export class OfferAnswer {
  #answer: ((offer: ParsedOffer) => string | undefined) | undefined;
  #offer: (() => string | undefined) | undefined;
  #answered: ((answer: ParsedOffer | undefined) => void) | undefined;
  /** An offer of ours without answer. */
  #isOpen: boolean;
  /** Our last description. */
  #local: string;

  /** `local` is our SDP so far; `isOpen`: it went out in the 200 as an offer. */
  constructor(local: string, isOpen: boolean) {
    this.#local = local;
    this.#isOpen = isOpen;
  }

  onOffer(listener: (offer: ParsedOffer) => string | undefined): void {
    this.#answer = listener;
  }

  onOfferWanted(listener: () => string | undefined): void {
    this.#offer = listener;
  }

  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void {
    this.#answered = listener;
  }

  /** A re-INVITE, with an offer or to ask for ours; `isUnacknowledged`: the last 200 has no ACK yet. */
  invite(offer: ParsedOffer | undefined, isUnacknowledged: boolean): SessionReply {
    if (this.#isOpen) return { refused: 'pending' };
    if (isUnacknowledged) return { refused: 'overlapping' };
    if (offer) return this.update(offer);
    const sdp = this.#offer?.();
    if (sdp === undefined) return { refused: 'not-acceptable' };
    this.#isOpen = true;
    this.#local = sdp;
    return { sdp };
  }

  /** An UPDATE; without an offer it changes nothing here. */
  update(offer: ParsedOffer | undefined): SessionReply {
    if (!offer) return {};
    if (this.#isOpen) return { refused: 'pending' };
    const sdp = this.#answer?.(offer);
    if (sdp === undefined) return { refused: 'not-acceptable' };
    this.#local = sdp;
    return { sdp };
  }

  /** The ACK of the 200 that answered the first INVITE: its SDP is the call's own business. */
  initialAck(): void {
    this.#isOpen = false;
  }

  /** The ACK of a re-INVITE's 200. */
  laterAck(sdp: string | undefined): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#answered?.(sdp === undefined ? undefined : parseOffer(sdp));
  }

  /** Opens an offer of what is in force, unchanged; undefined while another one is open. */
  offerAgain(): string | undefined {
    if (this.#isOpen) return undefined;
    this.#isOpen = true;
    return this.#local;
  }

  /** The re-INVITE with `offerAgain` is over; undefined: without an answer, and all stays as it was. */
  offeredAgain(answer: ParsedOffer | undefined): void {
    this.#isOpen = false;
    if (answer) this.#answered?.(answer);
  }
}
