/**
 * An inbound in progress, as a value.
 *
 *   opening ─▶ waiting_for_slot ─▶ asking ⇄ backing_off ─▶ resolving ─▶ starting ─▶ recording ─▶ answering ─▶ closed
 *                                    └────────────── abandoning (the caller hung up) ──────────────────────▶┘
 *
 * Invariants, cited by tests:
 *   M1 exactly one settle effect, and it is the last but for record_late
 *   M2 no ask after the caller hung up or the outcome is known
 *   M3 accept and refuse come after decision_recorded, and only one of them ever; refuse comes without it only
 *      where the store cannot write or the gateway is stopped
 *   M4 at most four asks, numbered from 1 without gaps
 *   M5 an event a phase does not expect changes nothing
 */
import type {
  AgentOverride,
  AgentVersionReference,
  AttemptRecord,
  Issue,
  Json,
  JsonObject,
  Outcome,
} from '@pickup/contract';
import type { SessionPlan } from '../session-plan.ts';
import type { RefusalAnswer, StillbornSession } from './effect.ts';
import type { InboundFacts, ResolvedKnowledge } from './facts.ts';

/** What is written down of an inbound as it goes (H1). Grows only. */
export interface InboundLedger {
  readonly attempts: readonly AttemptRecord[];
  readonly issues: readonly Issue[];
  /** Ordered, readable. */
  readonly steps: readonly string[];
  /** The body of the first attempt as sent, JSON text; absent where nobody was asked, or as `reply` is. */
  readonly request?: string;
  /** The reply as parsed; absent where the agent's storage setting forbids it. */
  readonly reply?: Json;
}

/** What a reply, a registration or nobody asked to have laid on the target. */
export interface Wishes {
  readonly dynamic_variables: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
  readonly agent_override?: AgentOverride;
  /** Faults already found in the override (E6). */
  readonly faults: readonly Issue[];
}

/** The agent to look for, and why. */
export interface Choice {
  /**
   * What of it the reply names, which is then read now; `nothing`: the number's agent or a registration's, as read
   * at arrival (E8).
   */
  readonly named: 'nothing' | 'version' | 'agent';
  readonly agent_id: string;
  readonly reference: AgentVersionReference;
  readonly because: string;
  readonly wishes: Wishes;
}

/** Connect to a plan, or refuse with an answer. */
export type Verdict =
  | { readonly kind: 'connect'; readonly plan: SessionPlan }
  | { readonly kind: 'refuse'; readonly answer: RefusalAnswer; readonly stillborn?: StillbornSession };

/** Where an inbound is; told apart by `name`. */
export type InboundPhase =
  | { readonly name: 'opening'; readonly next: 'admit' | Verdict }
  | { readonly name: 'waiting_for_slot'; readonly until_mono_ms: number }
  | { readonly name: 'asking'; readonly attempt: number }
  | { readonly name: 'backing_off'; readonly next_attempt: number }
  | { readonly name: 'resolving'; readonly choice: Choice }
  | { readonly name: 'starting'; readonly plan: SessionPlan }
  | { readonly name: 'recording'; readonly verdict: Verdict }
  | { readonly name: 'answering'; readonly verdict: Verdict; readonly durable: boolean }
  /** The caller is gone; the aborted attempt's figures are awaited for the record. */
  | { readonly name: 'abandoning'; readonly attempt: number }
  | { readonly name: 'closed'; readonly outcome: Outcome };

/** An inbound in progress. */
export interface InboundState {
  readonly facts: InboundFacts;
  readonly ledger: InboundLedger;
  readonly phase: InboundPhase;
  /** Monotonic ms at which the first attempt started (C3). */
  readonly chain_started_mono_ms?: number;
  /** Of a text: when its budget began, which nobody hears ringing (C4). */
  readonly admitted_mono_ms?: number;
  readonly holds_slot: boolean;
  readonly session_started: boolean;
}

export type { ResolvedKnowledge };
