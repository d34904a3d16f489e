/** What a runner is asked to do. Effects are data, carried out in order; what comes of them returns as events. */
import type { AgentVersionReference, JsonObject, Outcome } from '@pickup/contract';
import type { SessionPlan } from '../session-plan.ts';
import type { TimerName } from './event.ts';
import type { InboundLedger } from './state.ts';

/** The final answer to a caller who is turned away (G). */
export interface RefusalAnswer {
  readonly outcome: Outcome;
  /** SIP status code. */
  readonly code: number;
  /** Q.850 cause for the Reason header. */
  readonly cause?: number;
  /** A 302's target, from `fallback_number`. */
  readonly redirect_to?: string;
  /** Name the outcome in `X-Pickup-Outcome`. */
  readonly named: boolean;
}

/** The session object an outcome leaves behind although nobody was connected (G). */
export interface StillbornSession {
  readonly status: 'ended' | 'error';
  readonly disconnection_reason: string;
  readonly agent_id: string;
  readonly agent_version: number;
}

/** What a runner is asked to do; told apart by `type`. */
export type InboundEffect =
  /** Make the arrival durable; answered by `opened` or `store_failed`. */
  | { readonly type: 'open' }
  /** 180, repeated by the edge until the answer (F1). */
  | { readonly type: 'ring' }
  /** Answered by `slot_taken`, `slot_full` or `store_failed`. */
  | { readonly type: 'take_slot'; readonly limit: number; readonly endpoint?: string }
  | { readonly type: 'release_slot' }
  /** POST the body; answered by `attempt_ended`. */
  | {
      readonly type: 'ask';
      readonly attempt: number;
      readonly url: string;
      readonly body: string;
      readonly deadline_mono_ms: number;
      readonly deadline_wall_ms: number;
    }
  | { readonly type: 'abort_attempt' }
  | { readonly type: 'set_timer'; readonly name: TimerName; readonly at_mono_ms: number }
  /** One consistent read (E8); answered by `resolved` or `store_failed`. */
  | {
      readonly type: 'resolve';
      readonly agent_id: string;
      readonly reference: AgentVersionReference;
      readonly engine_override?: JsonObject;
      readonly knowledge_base_ids?: readonly string[];
    }
  /** Start the runtime; answered by `session_ready` or `session_failed` within 2 s (F4). */
  | { readonly type: 'start_session'; readonly plan: SessionPlan }
  | { readonly type: 'discard_session' }
  /** Make attempts of a chain visible while it runs; not waited for. */
  | { readonly type: 'record_attempt' }
  /** Make the decision durable; answered by `decision_recorded` or `store_failed`. */
  | { readonly type: 'record_decision'; readonly intended: Outcome; readonly plan?: SessionPlan }
  /** 200; answered by `answer_handed`, or by `caller_gone` where a CANCEL was faster. */
  | { readonly type: 'accept'; readonly plan: SessionPlan }
  /** Answered by `answer_handed`, or by `caller_gone`. */
  | { readonly type: 'refuse'; readonly answer: RefusalAnswer }
  /** The one outcome (E8); not waited for. */
  | {
      readonly type: 'settle';
      readonly outcome: Outcome;
      readonly plan?: SessionPlan;
      readonly stillborn?: StillbornSession;
      readonly ledger: InboundLedger;
      /** False where nothing changed since the decision was recorded. */
      readonly rewrite: boolean;
    }
  /** A reply that came after its attempt had ended: kept in the record, never applied (E8). */
  | { readonly type: 'record_late'; readonly ledger: InboundLedger };
