/**
 * The store's commands for texts. What each promises stands with them.
 *
 *   S11 a text of one provider's message is stored once (case 76)
 *   S12 a text is `waiting` until what answers it, or the word that nothing does, is stored in the same commit
 *   S13 the texts of a pair of numbers are handed out in the order of storage (F2)
 *   S14 an agent's message in a chat by SMS and its outgoing parts are one commit; parts of a pair go out in order
 *   S15 of several who go on with one inbound from the same point, one does
 */
import type { EdgeName, Issue, JsonObject, SimulatedFault } from '@pickup/contract';
import type { TextHandling } from '@pickup/core';
import type { ChatMessage, ChatRow, InboundArrival, InboundDecision, InboundSettlement, SettleResult } from './port.ts';

/** A text as it arrived. */
export interface NewText {
  /** Also the id of its message in the chat. */
  readonly text_id: string;
  readonly edge: EdgeName;
  readonly provider_message_id: string;
  readonly from_number: string;
  readonly to_number: string;
  readonly text: string;
  /** Links that passed the address guard. */
  readonly media?: readonly { readonly url: string; readonly content_type?: string }[];
  readonly issues?: readonly Issue[];
  readonly custom_sip_headers?: Readonly<Record<string, string>>;
  readonly reply_route?: JsonObject;
  /** Of a simulated text: what is to go wrong where its webhook is asked. */
  readonly simulated_fault?: SimulatedFault;
  /** Epoch ms. */
  readonly arrival_timestamp: number;
  /** The number is nobody's: no word means anything there (A4). */
  readonly unowned?: true;
}

/** What is stored where a text begins an inbound: its arrival, and its facts as `packFacts` makes them. */
export interface TextOpening {
  readonly arrival: InboundArrival;
  readonly facts: JsonObject;
}

/** A text that waits. */
export interface WaitingText extends NewText {
  /** How it is taken was settled as it was stored: the pair may have opted out since (A8). */
  readonly handling: TextHandling;
  readonly inbound_id: string;
}

export interface TextStored {
  /** False: it had been stored before, and the rest is what was said of it then. */
  readonly stored: boolean;
  readonly text_id: string;
  /** The chat's id where that began with a text of ours. */
  readonly inbound_id: string;
  /** Of the chat that it goes to, where that is known already. */
  readonly chat_id?: string;
}

/** Two numbers that text each other: `<to>|<from>`, seen from the first text. */
export interface TextPair {
  readonly pair: string;
  readonly opted_out: boolean;
  /** The newest chat of the pair, ongoing or not. */
  readonly chat_id?: string;
  /** The inbound that is being decided, or was last. */
  readonly inbound_id?: string;
  /** Of the newest text. */
  readonly edge?: EdgeName;
  readonly reply_route?: JsonObject;
}

/** An inbound of a text that has no outcome yet. */
export interface TextRun {
  readonly inbound_id: string;
  readonly facts: JsonObject;
  /** As `packProgress` makes it; absent until the first is stored. */
  readonly progress?: JsonObject;
  /** Epoch ms. */
  readonly progress_timestamp?: number;
  /** How many were stored. */
  readonly version: number;
}

/** How the inbound of a text ends, all in one commit. */
export interface TextSettlement {
  readonly pair: string;
  readonly decision: InboundDecision;
  readonly settlement: Omit<InboundSettlement, 'call'>;
  /** Its session (H4), or the object that is left where none came to be (G); its first text is answered with it. */
  readonly chat?: { readonly chat: ChatRow; readonly plan: JsonObject; readonly messages: readonly ChatMessage[] };
  /** The texts that shared the decision are done: nobody answers them. */
  readonly silent: boolean;
}

/** A text that no chat answers. */
export interface FinishedText {
  readonly text_id: string;
  readonly now: number;
  /** Why, for the log and the record. */
  readonly why: string;
  /** The outcome of its own inbound (A8). */
  readonly settlement?: Pick<InboundSettlement, 'inbound_id' | 'outcome' | 'outcome_timestamp' | 'steps'>;
  /** Sent to its sender all the same (A8). */
  readonly confirmation?: { readonly part_id: string; readonly body: string };
}

/** `accepted`: by the provider, which will say when it is `sent`. */
export type PartState = 'queued' | 'sending' | 'accepted' | 'sent' | 'delivered' | 'failed';

/** One outgoing part. */
export interface OutgoingRow {
  readonly part_id: string;
  readonly pair: string;
  readonly chat_id?: string;
  readonly from_number: string;
  readonly to_number: string;
  readonly state: PartState;
  /** Gone once nothing can be sent any more. */
  readonly body?: string;
  readonly edge?: EdgeName;
  readonly provider_message_id?: string;
  readonly created_timestamp: number;
  /** When the provider was first asked to take it. */
  readonly sending_timestamp?: number;
  /** When the provider took it. */
  readonly accepted_timestamp?: number;
  /** Failures so far. */
  readonly failures: number;
  readonly error_code?: string;
  readonly error_message?: string;
}

/** What came of a try to send. */
export type PartResult =
  | { readonly state: 'accepted' | 'sent'; readonly edge: EdgeName; readonly provider_message_id: string }
  /** `known`: surely not taken by the provider, so nothing is to be looked for before the next try. */
  | {
      readonly state: 'failed';
      readonly final: boolean;
      readonly known: boolean;
      readonly code?: string;
      readonly message: string;
    }
  /** The provider was silent on it for too long: the next part goes all the same. */
  | { readonly state: 'sent'; readonly edge?: never; readonly provider_message_id?: never };

/** The first part of a pair that is not out, and what a sender needs to know. */
export interface PartToSend {
  readonly part: OutgoingRow;
  readonly pair: TextPair;
  /** It was `sending` already when it was asked for: the provider may have taken it. */
  readonly again: boolean;
}

export interface TextCommands {
  /**
   * S11. Where the pair has an inbound that is being decided, it shares it (A6); where it has an ongoing chat, it goes
   * there; else `opening` is stored with it, and so it is where a word of A8 makes an inbound of its own; without one,
   * nothing is stored then. Adds the pair's job. STOP and START change the pair at once.
   */
  storeText(text: NewText, opening?: TextOpening): Promise<TextStored | 'needs_opening'>;
  /** S13: the pair's first waiting text; what is not for an agent (A8) waits for none that is. */
  nextText(pair: string): Promise<WaitingText | undefined>;
  /** A pair nobody has texted yet is not there. */
  getTextPair(pair: string): Promise<TextPair | undefined>;
  /**
   * An inbound for a text whose chat ended before it could be answered; later waiting texts of its pair share it.
   * Where one of them has opened one already, that is it, and `opening` is not stored.
   */
  reopenText(textId: string, opening: TextOpening): Promise<void>;
  /** Undefined once it has its outcome. */
  getTextRun(inboundId: string): Promise<TextRun | undefined>;
  /** S15; false where another went on from that version. C8 stands on it. */
  recordTextProgress(inboundId: string, fromVersion: number, progress: JsonObject, now: number): Promise<boolean>;
  /** S2. Where another outcome stands, its run is over all the same. */
  settleTextInbound(settlement: TextSettlement): Promise<SettleResult>;
  /** False where it was done already; then nothing of it happens. */
  finishText(finished: FinishedText): Promise<boolean>;
  /** The first part of the pair that is not out is `sending` from now on; one that is `accepted` is told as it is. */
  beginPart(pair: string, now: number): Promise<PartToSend | undefined>;
  /** Writes what came of it; the answer is that of `beginPart`, of the part behind it. */
  finishPart(partId: string, result: PartResult, now: number): Promise<PartToSend | undefined>;
  /** The pair whose next part may go now; undefined where nothing changed. Its job was added. */
  recordTextStatus(status: {
    readonly edge: EdgeName;
    readonly provider_message_id: string;
    /** Where the provider names the part: its word may be the first that is known of the message. */
    readonly part_id?: string;
    readonly status: 'sent' | 'delivered' | 'failed';
    readonly code?: string;
    readonly now: number;
  }): Promise<string | undefined>;
  /** The part that went out as this message of the provider. */
  findOutgoing(edge: EdgeName, providerMessageId: string): Promise<OutgoingRow | undefined>;
  /** In the order in which they are sent. */
  listOutgoing(chatId: string): Promise<readonly OutgoingRow[]>;
  /**
   * Forgets texts and parts that were done before then, at most `most` of each; a provider resends no longer. Pairs
   * go with them that nothing is known of: no chat, no STOP, nothing that waits. Says how many texts and parts.
   */
  forgetTexts(before: number, most: number): Promise<number>;
}
