/** What may happen to an inbound. Every event says when it happened, on both clocks, and brings the chance it needs. */
import type { AttemptError, AttemptPhases, Fault, Issue, VerificationFault } from '@pickup/contract';
import type { ResolvedKnowledge } from './facts.ts';

/** Deadlines are monotonic, stamps are wall time; both in ms. */
export interface Instant {
  readonly monoMs: number;
  readonly wallMs: number;
}

/** How an attempt went, before it is judged. */
export type AttemptResult = {
  readonly started: Instant;
  readonly ended: Instant;
  readonly phases: AttemptPhases;
  /** The one free resend of C5 was used. */
  readonly resent: boolean;
  /** A simulated fault stood between Pickup and the endpoint. */
  readonly simulated?: true;
  /** What such a fault showed, as `duplicate` does of two replies that differ. */
  readonly noticed?: readonly Issue[];
} & (
  | {
      readonly received: true;
      readonly status: number;
      readonly body: Uint8Array;
      /** The body was cut at the cap (D1). */
      readonly truncated: boolean;
      /** The `retry-after` header as received. */
      readonly retryAfter?: string;
      /** The `location` header as received. */
      readonly location?: string;
      /** Why the endpoint refused the signature, where it says so. */
      readonly verification?: VerificationFault;
    }
  | {
      readonly received: false;
      readonly error: AttemptError;
      readonly fault: Fault;
      /** Public: no internal address, no body. */
      readonly message: string;
      /** See `AttemptRecord.reason`. */
      readonly reason?: string;
    }
);

/** A timer that is set anew replaces the one of its name. */
export type TimerName = 'retry' | 'slot_poll';

/** What a runner reports, each with its instant; told apart by `type`. */
export type InboundEvent = {
  readonly at: Instant;
} /** The arrival is durable (H2). */ & (
  | { readonly type: 'opened' }
  /** The store cannot write, or not read what `resolve` asked for: overloaded (G), and nobody else's fault. */
  | { readonly type: 'store_failed' }
  | { readonly type: 'slot_taken' }
  | { readonly type: 'slot_full' }
  | { readonly type: 'timer'; readonly name: TimerName }
  /** `chance` in [0, 1) spreads the retry (C3). */
  | {
      readonly type: 'attempt_ended';
      readonly attempt: number;
      readonly result: AttemptResult;
      readonly chance: number;
    }
  | { readonly type: 'resolved'; readonly found: ResolvedKnowledge }
  /** The runtime is ready to speak; `issues` are its not_applied ones (E10). */
  | { readonly type: 'session_ready'; readonly issues: readonly Issue[]; readonly runtime: string }
  | { readonly type: 'session_failed'; readonly message: string }
  /** The decision is durable (H2). */
  | { readonly type: 'decision_recorded' }
  /** The final answer went to the transport. */
  | { readonly type: 'answer_handed' }
  /** CANCEL, or the simulated caller hung up. */
  | { readonly type: 'caller_gone' }
  /** The process is told to stop at once (second SIGTERM, H5). */
  | { readonly type: 'interrupted' }
);
