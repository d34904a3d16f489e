/** What is asked of chats, and what comes of it. */
import type { SessionPlan } from '@pickup/core';
import type { ChatMessage, ChatRow, WholeChat } from '../stores/port.ts';
import type { ChatParties } from './chat-rows.ts';

export type ChatAnswer =
  /** What came after the message, tool calls and moves included; `repeated`: the text had been answered before. */
  | {
      readonly kind: 'answered';
      readonly messages: readonly ChatMessage[];
      readonly chat: ChatRow;
      readonly repeated?: true;
    }
  | { readonly kind: 'unknown' | 'over' }
  /** Nothing was stored; `reason` names what is missing. */
  | { readonly kind: 'cannot_answer'; readonly reason: string }
  /** Nothing was stored. `retry`: it may go better later. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retry: boolean };

export interface AnswerOptions {
  /** Of a text: the id of its message, by which it is known again (K5). */
  readonly text_id?: string;
  /** Gives the turn up; nothing is stored then. */
  readonly signal?: AbortSignal;
}

export interface FirstText {
  readonly text_id: string;
  readonly content: string;
}

export interface BeginOptions extends Partial<ChatParties> {
  /** Answered within the first turn, after the agent's first line where the agent speaks first. */
  readonly first_text?: FirstText;
  readonly signal?: AbortSignal;
}

/** `missing`: why the chat will have no answers, where that is so. */
export type BegunChat =
  | ({ readonly kind: 'begun'; readonly plan: SessionPlan; readonly missing?: string } & WholeChat)
  | { readonly kind: 'failed'; readonly reason: string; readonly retry: boolean };

export interface ChatRunner {
  /** The first turn of a chat that is not stored yet: `createChat(chat, plan, messages)` makes it one. */
  beginChat(plan: SessionPlan, options?: BeginOptions): Promise<BegunChat>;
  /** Begins a chat and stores it. */
  start(plan: SessionPlan, options?: BeginOptions): Promise<BegunChat>;
  answer(chatId: string, content: string, options?: AnswerOptions): Promise<ChatAnswer>;
  /** Also true where it was over already. `reason` is a `disconnection_reason`; default `manual_stopped`. */
  end(chatId: string, reason?: string): Promise<boolean>;
  /** Ends the chats that have been silent for too long; says how many. */
  endSilent(): Promise<number>;
  /** Gives up the turns in progress; nothing of them is stored. */
  stop(): void;
}
