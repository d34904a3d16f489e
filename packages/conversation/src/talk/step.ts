/** The vocabulary of engines that ask a model: what happens to a talk, and what it wants next. */
import type { VariableLookup } from '@pickup/core';
import type { Fields } from '../flow/read-json.ts';
import type { TalkEntry } from './entry.ts';
import type { ModelReply, ModelRequest, ToolCall } from './model.ts';
import type { CustomTool } from './tool.ts';

/**
 * idle → (waiting → searching? → asking ⇄ calling | swapping)* → over. Only `idle`, `waiting` and `over` are at rest and
 * are ever stored; a turn that is given up is made anew from the last rest.
 */
export type TalkPhase = 'idle' | 'waiting' | 'searching' | 'asking' | 'calling' | 'swapping' | 'over';

/** What a model is asked for: to speak, to judge conditions, to find values in the talk, to fill a tool's arguments. */
export type AskPurpose = 'reply' | 'judge' | 'extract' | 'arguments';

/** Plain JSON. */
export interface TalkState {
  readonly phase: TalkPhase;
  readonly purpose: AskPurpose;
  /** State of a prompted LLM or node of a flow; "" before the first. */
  readonly place: string;
  readonly previousPlace: string;
  /** Collected in the talk; laid over the session's. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the model is shown; the oldest go first (T3). */
  readonly history: readonly TalkEntry[];
  /** Tool calls of the model's that are not done yet; the first is running. */
  readonly calls: readonly ToolCall[];
  /** The model is to speak about the results. */
  readonly owesReply: boolean;
  /** Replies that a model was asked for since the user last said something, and questions in all (T1). */
  readonly rounds: number;
  readonly asks: number;
  /** Tools that were carried out since then. */
  readonly called: number;
  /** What knowledge bases have on the user's last message, and which ones were asked. */
  readonly passages: readonly string[];
  readonly searched: string;
  /** Flows: where a global node was reached from, when each was last reached, nodes entered in all and in this turn. */
  readonly returnTo: string;
  readonly globalHops: Readonly<Record<string, number>>;
  readonly hops: number;
  readonly quietHops: number;
  readonly misses: number;
}

export type TalkEvent =
  /**
   * It is the agent's turn to begin, or the user's where `start_speaker` says so. `messageWaits`: the user has written
   * already, so that no model needs to think up a greeting.
   */
  | { readonly on: 'start'; readonly messageWaits?: boolean }
  /** The user's message; of one that begins the chat it is the first. */
  | { readonly on: 'message'; readonly text: string }
  | { readonly on: 'model'; readonly reply: ModelReply }
  | { readonly on: 'passages'; readonly passages: readonly string[] }
  | { readonly on: 'tool'; readonly content: string; readonly successful: boolean }
  | { readonly on: 'swap_failed'; readonly why: string }
  /** Another agent takes over a talk in progress: it is its turn. */
  | { readonly on: 'taken_over' };

/** The one thing a talk waits for; its answer is the next event. */
export type TalkWish =
  | { readonly want: 'model'; readonly purpose: AskPurpose; readonly request: ModelRequest }
  | {
      readonly want: 'knowledge';
      readonly baseIds: readonly string[];
      readonly query: string;
      readonly topK: number;
      readonly filterScore: number;
    }
  | { readonly want: 'tool'; readonly call: ToolCall; readonly tool: CustomTool; readonly args: Fields }
  | { readonly want: 'agent'; readonly agentId: string; readonly version: string | number };

export interface TalkStep {
  readonly state: TalkState;
  /** New in the transcript, in order; the user's own messages are not among them. */
  readonly entries: readonly TalkEntry[];
  /** Absent where the talk is at rest. */
  readonly wish?: TalkWish;
  /** Why the agent ended the chat, for the log. */
  readonly ended?: string;
  /** What the engine names and a chat cannot do, for the log: `node n1: transfer_call takes a call`. */
  readonly unable: readonly string[];
}

/** What holds for a turn. */
export interface TalkContext {
  /** The session's variables, the system's included. */
  readonly lookup: VariableLookup;
  /** Further lines of the system prompt, from the agent's own settings. */
  readonly manners: readonly string[];
}

/** An engine over its settings. Pure; `step` never throws, whatever the settings, and ignores unexpected events. */
export interface TalkEngine {
  step(state: TalkState, event: TalkEvent, context: TalkContext): TalkStep;
}

/** Before `start`. */
export const FRESH_TALK: TalkState = {
  phase: 'idle',
  purpose: 'reply',
  place: '',
  previousPlace: '',
  variables: {},
  history: [],
  calls: [],
  owesReply: false,
  rounds: 0,
  asks: 0,
  called: 0,
  passages: [],
  searched: '',
  returnTo: '',
  globalHops: {},
  hops: 0,
  quietHops: 0,
  misses: 0,
};

/** T1 Replies of a model for one message of the user's, the last without tools; questions of any kind; its tool calls. */
export const MAX_ROUNDS = 10;
export const MAX_ASKS = 30;
export const MAX_CALLS = 40;
/** T2 Longest text of a tool's result and of one argument list, in UTF-16 units. */
export const MAX_TOOL_TEXT = 15_000;
/** T3 Most that is kept of a talk to show the model, in UTF-16 units and in entries. */
export const MAX_HISTORY_TEXT = 48_000;
export const MAX_HISTORY = 200;
/** T4 Most that a message may say, and that a collected variable holds. */
export const MAX_SAID = 20_000;
export const MAX_VARIABLE = 4_000;
