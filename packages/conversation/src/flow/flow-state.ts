/** The state of a flow in progress, what can happen to it, and what it wants done. */
import type { RenderedSpan } from '@pickup/core';

/**
 * idle → (speaking → waiting ⇄ collecting)* → over. `speaking` lasts from a `say` or `press` until `said`; `waiting`
 * is for the user's turn; `collecting` is between the first key and the end of the entry.
 */
export type FlowPhase = 'idle' | 'speaking' | 'waiting' | 'collecting' | 'over';

/** `keys` ends an entry, `quiet` is the silence after a sentence, `pause` the end of what the user says. */
export type FlowTimer = 'keys' | 'quiet' | 'pause';

export interface FlowState {
  readonly phase: FlowPhase;
  readonly nodeId: string;
  readonly previousNodeId: string;
  /** Where a global node was reached from. */
  readonly returnTo: string;
  /** The value of `hops` at which each global node was last reached. */
  readonly globalHops: Readonly<Record<string, number>>;
  /** Keys pressed since the last turn, without a termination key. */
  readonly entry: string;
  /** The same with the termination key, for the record. */
  readonly pressed: string;
  /** Nothing more is taken into the entry. */
  readonly complete: boolean;
  readonly userSpeaking: boolean;
  /** A begin message is being said in front of a start node that says nothing itself and has not acted yet. */
  readonly greeting: boolean;
  /** What the flow itself collected; laid over the session's variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** Nodes entered, in all and since the user last did something. */
  readonly hops: number;
  readonly quietHops: number;
  /** Entries in a row that no edge of this node took. */
  readonly misses: number;
  /** Reminders given at this node. */
  readonly reminders: number;
}

export type FlowEvent =
  /** It is the agent's turn to begin. */
  | { readonly on: 'start' }
  /** The last `say` or `press` is over; not sent after a `hush`. */
  | { readonly on: 'said' }
  | { readonly on: 'key'; readonly key: string }
  | { readonly on: 'speech'; readonly speaking: boolean }
  /** In a chat: a whole message, which is the user's turn. Only expected while the flow waits. */
  | { readonly on: 'message'; readonly text: string }
  /** The armed timer fired. */
  | { readonly on: 'timer'; readonly timer: FlowTimer };

export type FlowEffect =
  /** Say it, then send `said`. `speed` replaces the agent's. */
  | { readonly do: 'say'; readonly nodeId: string; readonly spans: readonly RenderedSpan[]; readonly speed?: number }
  /** Wait, send the tones, then `said`. */
  | { readonly do: 'press'; readonly keys: string; readonly delayMs: number }
  /** Stop speaking at once. */
  | { readonly do: 'hush' }
  /** There is one timer: arming replaces it, and so does any phase's end. */
  | { readonly do: 'arm'; readonly timer: FlowTimer; readonly afterMs: number }
  | { readonly do: 'disarm' }
  /** The user's entry is over; as pressed, for the record. */
  | { readonly do: 'record_keys'; readonly pressed: string }
  | { readonly do: 'set'; readonly name: string; readonly value: string }
  /** The last effect ever. `reason` is a `disconnection_reason`, `why` for the log. */
  | { readonly do: 'end'; readonly reason: 'agent_hangup'; readonly why: string };
