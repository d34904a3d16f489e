/** What is known of an inbound at its arrival and never changes afterwards (E8). */
import type {
  AgentOverride,
  Catalogue,
  Channel,
  EdgeName,
  JsonObject,
  PhoneNumberSettings,
  ResolvedTarget,
  WeightedAgent,
} from '@pickup/contract';
import type { Instant } from './event.ts';

/** A read of an agent and version: found, or what is missing. */
export type ResolvedKnowledge =
  | { readonly found: true; readonly target: ResolvedTarget; readonly knowledge_bases: ReadonlySet<string> }
  | { readonly found: false; readonly missing: 'agent' | 'version' | 'engine'; readonly message: string };

/** Who was called. */
export type Entry =
  | {
      readonly kind: 'number';
      readonly number: PhoneNumberSettings;
      /** The agent drawn from the number's list by the inbound's id (A7), read at arrival (E8). */
      readonly drawn?: { readonly agent: WeightedAgent; readonly resolved: ResolvedKnowledge };
    }
  /** `sip:{call_id}@host`: never asks (A3). */
  | {
      readonly kind: 'registered';
      /** As the registrant states it: all such traffic looks inbound. */
      readonly direction: 'inbound' | 'outbound';
      readonly resolved: ResolvedKnowledge;
      readonly dynamic_variables: Readonly<Record<string, string>>;
      readonly metadata?: JsonObject;
      readonly agent_override?: AgentOverride;
    }
  | { readonly kind: 'nobody' };

/** Everything read at the arrival of an inbound, and held to until its end (E8). */
export interface InboundFacts {
  readonly inbound_id: string;
  /** The id the session will have (B4, H4). */
  readonly session_id: string;
  readonly channel: Channel;
  readonly edge: EdgeName;
  /** E.164, as dialled where that cannot be known, or `anonymous` (A0). */
  readonly from_number: string;
  readonly to_number: string;
  /** ISO alpha-2 of the caller, where the number tells (A5). */
  readonly from_country?: string;
  /** X-* and the four named headers, names lower-cased (E9). */
  readonly custom_sip_headers: Readonly<Record<string, string>>;
  readonly arrived: Instant;
  readonly entry: Entry;
  /** What the simulator makes go wrong, as the record is to say it, so that nobody takes it for real. */
  readonly simulated_fault?: string;
  /** How long this edge can ring at most, in ms (C4). */
  readonly edge_ring_limit_ms: number;
  /** `no_codec` and `no_family` (of addresses) refuse before the endpoint is asked (A5); `no_port` and `draining` are our own capacity. */
  readonly media: 'usable' | 'no_codec' | 'no_family' | 'no_port' | 'draining';
  readonly gateway: GatewaySettings;
  /** Tries of the webhook; default 4 (C2). A replay has one. */
  readonly most_attempts?: number;
}

/** The gateway's own settings an inbound needs. */
export interface GatewaySettings {
  /** The budget of a number that sets none, in ms (C4). */
  readonly ring_budget_ms: number;
  /** Of a text, in ms; default 120,000 (C4). */
  readonly text_budget_ms?: number;
  readonly webhook_profile: 'seed' | 'current';
  /** Calls at once, texts that wait for their decision included; 0 = no limit (A5). */
  readonly concurrency: number;
  readonly catalogue: Catalogue;
  /** Whether a rendered agent `webhook_url` may be reached (E5). */
  readonly checkUrl: (url: string) => { readonly ok: true } | { readonly ok: false; readonly message: string };
}
