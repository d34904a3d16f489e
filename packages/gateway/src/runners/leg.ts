/** The caller's side of an inbound, as an edge gives it to the runner. Thin: an edge answers, it never decides. */
import type { CallMediaStats, SipTraceLine } from '@pickup/contract';
import type { RefusalAnswer, SessionPlan } from '@pickup/core';
import type { Line } from '../sessions/port.ts';
import type { EdgeMemo } from '../stores/port.ts';

/** Who ended a connected call, seen from its leg. */
export type LegEnd =
  | { readonly by: 'caller' }
  /** No ACK in 64·T1 (C6). */
  | { readonly by: 'no_ack' }
  /** No RTP for 30 s (F4). */
  | { readonly by: 'no_audio' }
  /** The answer to our delayed offer cannot be used (F4). */
  | { readonly by: 'unusable_answer' }
  /** A fault of ours took the media away. */
  | { readonly by: 'media_failed' };

/** A leg that was answered. */
export interface ConnectedLeg {
  /** Absent where there is no sound, as in the simulator. */
  readonly line?: Line;
  /** What a BYE needs after a crash (H3), as it is now. */
  readonly dialog?: EdgeMemo;
  /** `dialog` is another one from now on: the caller moved. Absent on legs that never do. */
  onMoved?(listener: (dialog: EdgeMemo) => void): void;
  /** Fires once. */
  onEnd(listener: (end: LegEnd) => void): void;
  /** BYE, and frees the media. */
  hangUp(): void;
  /** Figures of the audio, the last ones once it is over; undefined where there was none. Absent without sound. */
  mediaStats?(): Promise<CallMediaStats | undefined>;
}

export interface CallLeg {
  readonly edge: 'sip' | 'simulator';
  /** What a final answer needs after a crash (H3). */
  readonly memo?: EdgeMemo;
  /** `Call-ID|From tag|CSeq` (H3). */
  readonly dedupeKey?: string;
  /** The caller hangs up before the answer. Fires at most once, also when it happened before. */
  onCallerGone(listener: () => void): void;
  /** 180 now, after 1 s and every 60 s until the answer (F1). */
  ring(): void;
  /** 200; undefined where the caller was faster. */
  accept(plan: SessionPlan): ConnectedLeg | undefined;
  /** The final refusal; false where the caller was faster. */
  refuse(answer: RefusalAnswer): boolean;
  /** The SIP messages so far (F1). */
  trace(): readonly SipTraceLine[];
  /** The inbound's record is complete: nothing more is asked of this leg. */
  done(): void;
}
