/**
 * What an edge for texts gives to the gateway, and what it is given. Thin: an edge takes in, answers its provider and
 * sends; it never decides. A text is acknowledged only after `TakeText` said that it is stored (F2).
 */
import type { EdgeName, JsonObject, SimulatedFault } from '@pickup/contract';

/** A picture or file that came with a text, or goes with one. */
export interface TextMedia {
  readonly url: string;
  readonly content_type?: string;
}

/** A text as its edge read it, the sender checked. Numbers as the provider wrote them. */
export interface ArrivedText {
  readonly edge: EdgeName;
  /** Unique at this edge; a resend carries the same one (case 76). */
  readonly provider_message_id: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly media?: readonly TextMedia[];
  /** As they came; names in any case, others than those of E9 are left out. */
  readonly custom_sip_headers?: Readonly<Record<string, string>>;
  /** Opaque: stored, and given back with every part that answers, as it stood in the chat's newest text. */
  readonly reply_route?: JsonObject;
  /** The simulator's alone: what is to go wrong where its webhook is asked. */
  readonly simulated_fault?: SimulatedFault;
}

/** What became of a text that arrived. */
export type TextTaken =
  /**
   * Durable from now on; `inbound_id` where it opened one, or the inbound of the chat that it continues is known.
   * `text_id` is also the id of its message in the chat.
   */
  | {
      readonly kind: 'stored' | 'resent';
      readonly inbound_id?: string;
      readonly chat_id?: string;
      readonly text_id?: string;
    }
  /** Nobody owns the number: a 2xx to HTTP providers, 404 to SIP MESSAGE (G). */
  | { readonly kind: 'unknown_number'; readonly inbound_id?: string; readonly text_id?: string }
  /** The store cannot write, or the gateway is stopping: the provider must send it again (G, overloaded). */
  | { readonly kind: 'unavailable' };

/** Stores a text; resolves once it is durable. Never rejects. */
export type TakeText = (text: ArrivedText) => Promise<TextTaken>;

/** One message to be sent: a whole reply, or a piece of at most 1,600 characters of one. */
export interface OutgoingPart {
  /** Unique; where a provider takes an idempotency key, this is it. */
  readonly part_id: string;
  /** Absent: the confirmation of an opt-out word (A8), which belongs to no chat. */
  readonly chat_id?: string;
  /** The number of ours. */
  readonly from_number: string;
  readonly to_number: string;
  readonly body: string;
  readonly media?: readonly TextMedia[];
  readonly reply_route?: JsonObject;
}

/** What the provider said of one part. */
export type SendOutcome =
  /** `sent`: already on its way; false: a status will tell, and the next part waits for it. */
  | { readonly kind: 'accepted'; readonly provider_message_id: string; readonly sent: boolean }
  /** `permanent`: trying again is of no use (opted out, no such number…). `code`: the provider's own, or a `NotSentCode`. */
  | { readonly kind: 'refused'; readonly permanent: boolean; readonly code?: string; readonly message: string };

/** How far a message of the provider is. */
export type SentStatus = 'accepted' | 'sent' | 'delivered' | 'failed';

/** One way out for texts. */
export interface TextEdge {
  readonly name: EdgeName;
  /** The provider answers STOP, START and HELP of this number itself (A8): we record and stay silent. */
  answersOptOut(number: string): boolean;
  /** Rejects where it is not known whether the provider took it (a time-out, a cut connection); tried again then. */
  send(part: OutgoingPart, signal: AbortSignal): Promise<SendOutcome>;
  /**
   * Whether the provider took this part since then (epoch ms), though nobody wrote it down (a kill in between).
   * Absent where it cannot say; such a part is sent again.
   */
  findSent?(
    part: OutgoingPart,
    sinceMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly provider_message_id: string; readonly status: SentStatus } | undefined>;
  close(): Promise<void>;
}

/** A provider's word on a message it had accepted. Unknown ids, and what is behind of what is known, change nothing. */
export type OnTextStatus = (status: {
  readonly edge: EdgeName;
  readonly provider_message_id: string;
  /** The part, where the provider hands it back: then one whose acceptance nobody wrote down is known by it. */
  readonly part_id?: string;
  readonly status: Exclude<SentStatus, 'accepted'>;
  /** The provider's own code of a failure. */
  readonly code?: string;
}) => Promise<void>;
