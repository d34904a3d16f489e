/**
 * The runtime port: what answers once a call is connected. A runtime says which settings it can act on
 * (`honours`); whatever else a reply asked for is recorded as `not_applied` (E10), never dropped silently.
 */
import type { Issue } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';

/** Pieces a line gives to the runtime and takes from it. Audio is signed 16-bit mono at 8,000 Hz. */
export interface Line {
  /** Plays after whatever is queued; resolves when the last sample was sent, or the line was closed. */
  play(samples: Int16Array): Promise<void>;
  /** Drops what is queued. */
  flush(): void;
  /** The other side spoke (true) or fell silent (false), by energy. */
  onSpeech(listener: (speaking: boolean) => void): void;
  /**
   * The caller pressed a key: 0 to 9, `*`, `#`, A to D, once for each press. Absent on lines that carry none.
   */
  onDigit?(listener: (digit: string) => void): void;
  /** Resolves when the caller can hear: at the ACK or the first RTP packet (F4). */
  readonly audible: Promise<void>;
}

export type SessionEnd = {
  /** From the SDK's list: agent_hangup, inactivity, max_duration_reached, error_retell… */
  readonly disconnection_reason: string;
  readonly status: 'ended' | 'error';
};

export interface Utterance {
  readonly role: 'agent' | 'user';
  /** Words; keys that a caller pressed are the user's utterance `[digits] 12#`, as they were pressed. */
  readonly content: string;
  /** Epoch ms at which it began. */
  readonly at: number;
}

export interface SessionListener {
  /** The runtime wants the call to end: the gateway sends BYE. */
  onEnd(end: SessionEnd): void;
  onUtterance(utterance: Utterance): void;
}

/** A session that is ready to speak; nothing was sent to the caller yet. */
export interface PreparedSession {
  /** Starts on a line with sound. */
  start(line: Line, listener: SessionListener): void;
  /** What it would say first, for lines without sound (the simulator). */
  readonly opening?: string;
  /** The call is over, whoever ended it; frees everything, may be called twice. */
  close(): void;
}

export type PrepareResult =
  | {
      readonly ready: true;
      readonly session: PreparedSession;
      /** What the session goes without, for the record: a flow of which only the first line can be said. */
      readonly issues?: readonly Issue[];
    }
  /** `missing` names what the operator has to give: a begin message, a model key… */
  | { readonly ready: false; readonly message: string; readonly missing: readonly string[] };

export interface AgentRuntime {
  readonly name: string;
  /**
   * The fields it can act on for this plan, as `agent.voice_speed`, `retell_llm.begin_message`.
   * A function of the plan: a voice of another provider may honour others.
   */
  honours(plan: SessionPlan): ReadonlySet<string>;
  /** At most 2 s; with `sound: false` nothing is synthesised. */
  prepare(
    plan: SessionPlan,
    options: { readonly sound: boolean; readonly signal: AbortSignal },
  ): Promise<PrepareResult>;
  close(): Promise<void>;
}
