import type { JsonObject } from '../json.ts';
import type { HeaderInput, SipRequest } from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';

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
  /** The caller pressed a key and said so by INFO: `0123456789*#ABCD`, with the milliseconds it was held. */
  onDigit(listener: (digit: string, durationMs: number) => void): void;
  /** The caller moved (re-INVITE, UPDATE): `memo` is another one now, which is given. */
  onMoved(listener: (memo: JsonObject) => void): void;
  /** The caller's ACK came, with the text of its SDP where it has one (the answer to a delayed offer). */
  onAck(listener: (sdp: string | undefined) => void): void;
  /**
   * Asked for the answer to an offer in a re-INVITE or UPDATE (hold, a new address, another codec); undefined refuses
   * it with 488, and the session stays as it was. One listener; without one every offer is refused.
   */
  onOffer(listener: (offer: ParsedOffer) => string | undefined): void;
  /** Asked for an offer by a re-INVITE without SDP; as `onOffer`. The answer comes by `onAnswer`. */
  onOfferWanted(listener: () => string | undefined): void;
  /**
   * The answer to the offer of `onOfferWanted`, undefined where the ACK held none that can be read; and to a re-INVITE
   * of ours that refreshed the session. One listener.
   */
  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void;
  /** No ACK within 64·T1 (32 s); the BYE is already on its way, unless not even the 200 was sent for want of a PRACK. */
  onNoAck(listener: () => void): void;
  /** The session was not refreshed in time (RFC 4028): the caller is gone. The BYE is already on its way. */
  onExpired(listener: () => void): void;
  /** Nothing more will come: the caller's BYE was answered, or ours was, or was given up. */
  onGone(listener: (end: DialogEnd) => void): void;
}
