/** How an agent talks in writing, whatever its engine: a beginning, an answer, and what came of each. */
import type { JsonObject } from '@pickup/contract';
import type { TalkEntry } from '@pickup/conversation';
import type { SessionPlan } from '@pickup/core';

/** A session at one moment. */
export interface ChatMoment {
  /** With the variables that are in force now. */
  readonly plan: SessionPlan;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly now: number;
  /** Turns that are stored so far; `BEGINNING` while the chat itself is not. */
  readonly turn: number;
}

/** The turn of a chat that is not stored yet. */
export const BEGINNING = -1;

/** What comes of a beginning or of a message. */
export interface ChatTurn {
  /** For the transcript, in order; nothing of the user's. */
  readonly entries: readonly TalkEntry[];
  /** Where the conversation is then. */
  readonly state: JsonObject;
  /** The agent ended the chat: why, for the log. */
  readonly ended?: string;
  /** What it collected so far. */
  readonly collected: Readonly<Record<string, string>>;
  /** Another agent took over. */
  readonly plan?: SessionPlan;
}

/** `retry`: it may go better later. `reason` is public. */
export type TurnResult =
  | { readonly ok: true; readonly turn: ChatTurn }
  | { readonly ok: false; readonly reason: string; readonly retry: boolean };

/** Talks for one session; keeps nothing between two turns but what it read from the plan. */
export interface ChatTalker {
  /** Why it can answer nothing, for people; absent where it can. */
  readonly missing?: string;
  /** A turn asks others and is worth not making twice. */
  readonly costly: boolean;
  /**
   * The beginning; where the user is to speak first, nothing is said. `before`: a message of the user's is there
   * already and is answered next, so that nothing needs to be thought up to say before it.
   */
  open(moment: ChatMoment, signal: AbortSignal, before?: 'a_message'): Promise<TurnResult>;
  answer(state: JsonObject, text: string, moment: ChatMoment, signal: AbortSignal): Promise<TurnResult>;
}
