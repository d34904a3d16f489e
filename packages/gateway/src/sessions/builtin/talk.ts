/** What a built-in session says and does once it is its turn; the session around it keeps time and ends. */
import type { SessionEnd, Utterance } from '../port.ts';

/** What a talk may do with the call. After the call's end every method does nothing. */
export interface Floor {
  /** Plays and then calls `done`, unless it was hushed or the call ended first. */
  play(samples: Int16Array, done: () => void): void;
  /** Stops what is being played. */
  hush(): void;
  /** Into the transcript, as beginning now. */
  record(role: Utterance['role'], content: string): void;
  finish(end: SessionEnd): void;
  /** A fault of ours: logged, and the call ends `error_retell`. */
  fail(why: string): void;
}

export interface Talk {
  /** What it says first, where it speaks at all. */
  readonly opening?: string;
  /** It is the agent's turn; called once. `userSpeaking`: the caller talks at this moment. */
  begin(floor: Floor, userSpeaking: boolean): void;
  /** The caller's speech began or ended, after `begin`. */
  heard(speaking: boolean): void;
  /** The caller pressed a key, after `begin`. */
  pressed(key: string): void;
  /** The call is over: timers and work are dropped. */
  close(): void;
}
