/**
 * The store's port. It speaks in commands, so that a second node can join later: each command is
 * atomic, and where two could collide it says who won. Promises settle once the write is durable.
 *
 * Invariants, cited by the conformance suite:
 *   S1 an attempt number exists once per inbound
 *   S2 an inbound has at most one outcome; the first settle wins and a later one is told the winner
 *   S3 (Call-ID, From tag, CSeq) is unique among open inbounds
 *   S4 a registered call is claimed once
 *   S5 the slots held never exceed the limit given
 *   S6 a failed command leaves nothing behind and does not fail its neighbours of the same commit
 *   S7 of several turns of a chat made from the same one, one is taken
 *   S16 ends are numbered in the order of commit: one that can be read is followed by greater numbers only
 *   S8 to S10 stand with the jobs, S11 to S15 with the texts
 */
import type {
  AttemptRecord,
  Channel,
  EdgeName,
  InboundObject,
  Issue,
  Json,
  JsonObject,
  Outcome,
  SipTraceLine,
} from '@pickup/contract';
import type { CallCommands, CallRow } from './port-calls.ts';
import type { ChatCommands } from './port-chats.ts';
import type { ConfigCommands } from './port-config.ts';
import type { EventCommands } from './port-events.ts';
import type { JobCommands } from './port-jobs.ts';
import type { AuditCommands, KeyCommands } from './port-keys.ts';
import type { KnowledgeCommands } from './port-knowledge.ts';
import type { PurchaseCommands } from './port-purchases.ts';
import type { TextCommands } from './port-texts.ts';

export * from './port-calls.ts';
export * from './port-chats.ts';
export * from './port-config.ts';
export * from './port-events.ts';
export * from './port-jobs.ts';
export * from './port-keys.ts';
export * from './port-knowledge.ts';
export * from './port-purchases.ts';
export * from './port-texts.ts';

/** Raised by every command once the disk cannot take a write; the inbound is `overloaded` (G). */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** What the edge needs to answer the carrier after a crash (H3); opaque to the store. */
export type EdgeMemo = JsonObject;

export interface InboundArrival {
  readonly inbound_id: string;
  readonly channel: Channel;
  readonly edge: EdgeName;
  readonly from_number: string;
  readonly to_number: string;
  /** Epoch ms. */
  readonly arrival_timestamp: number;
  /** The id the session will have. */
  readonly session_id: string;
  /** Settings used, secrets in URLs redacted (H1). */
  readonly settings: JsonObject;
  /** `Call-ID|From tag|CSeq` for SIP; absent elsewhere (S3). */
  readonly dedupe_key?: string;
  readonly memo?: EdgeMemo;
  readonly node_id: string;
  /** Epoch ms after which another node may settle it. */
  readonly lease_until: number;
}

export interface InboundDecision {
  readonly inbound_id: string;
  readonly decided_timestamp: number;
  /** The outcome meant: `connected` or a refusal. The real one follows with settleInbound. */
  readonly intended: Outcome;
  readonly agent_id?: string;
  readonly agent_version?: number;
  readonly attempts: readonly AttemptRecord[];
  /** The first attempt's body as sent, JSON text. */
  readonly request?: string;
  readonly reply?: Json;
  readonly issues: readonly Issue[];
  readonly steps: readonly string[];
  /** The dialog, for the BYE after a crash (H3). */
  readonly dialog?: EdgeMemo;
}

export interface InboundSettlement {
  readonly inbound_id: string;
  readonly outcome: Outcome;
  /** Epoch ms. */
  readonly outcome_timestamp: number;
  /** Whatever came after the decision: replaces the steps, issues and attempts written then. */
  readonly steps?: readonly string[];
  readonly issues?: readonly Issue[];
  readonly attempts?: readonly AttemptRecord[];
  /** Where no decision brought it. */
  readonly request?: string;
  readonly sip_messages?: readonly SipTraceLine[];
  /** The session object, created in the same commit (H4). */
  readonly call?: CallRow;
}

export type SettleResult = { readonly won: true } | { readonly won: false; readonly outcome: Outcome | null };

/** An inbound without outcome whose lease has lapsed. */
export interface OpenInbound {
  readonly inbound_id: string;
  readonly channel: Channel;
  readonly edge: EdgeName;
  readonly arrival_timestamp: number;
  readonly lease_until: number;
  readonly memo?: EdgeMemo;
  readonly dialog?: EdgeMemo;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly has_more: boolean;
  readonly pagination_key?: string;
  readonly total?: number;
}
export interface PageRequest {
  /** 1 to 1,000; default 50. */
  readonly limit?: number;
  readonly pagination_key?: string;
  readonly sort_order?: 'ascending' | 'descending';
}

/** A field's condition in Retell's filter shape, already checked by the API. */
export interface FieldFilter {
  readonly field: string;
  readonly op: 'eq' | 'ne' | 'sw' | 'ew' | 'co' | 'in' | 'gt' | 'ge' | 'lt' | 'le' | 'bt' | 'pr' | 'np';
  readonly value?: Json;
  /** For metadata and the like: the key inside. */
  readonly key?: string;
}

/** One stretch of the inbounds that have ended, in the order in which they did. */
export interface EndedInbounds {
  readonly items: readonly EndedInbound[];
  /** The last end that was looked at, be it among the items or not: where to go on. */
  readonly up_to: number;
}
export interface EndedInbound {
  /** From 1, in the order of commit; greater for each later end. */
  readonly ended: number;
  readonly inbound: InboundObject;
}

export interface InboundCommands {
  openInbound(arrival: InboundArrival): Promise<{ readonly opened: boolean; readonly inbound_id: string }>;
  recordAttempt(inboundId: string, attempt: AttemptRecord): Promise<'recorded' | 'duplicate'>;
  recordDecision(decision: InboundDecision): Promise<void>;
  settleInbound(settlement: InboundSettlement): Promise<SettleResult>;
  /** Open inbounds of this node, or of any node whose lease lapsed before `now`. */
  lapsedInbounds(nodeId: string, now: number): Promise<readonly OpenInbound[]>;
  getInbound(inboundId: string): Promise<InboundObject | undefined>;
  listInbounds(request: PageRequest & { readonly filters?: readonly FieldFilter[] }): Promise<Page<InboundObject>>;
  /** Looks at up to `limit` inbounds that ended after the one numbered `after`, and gives those that fit (S16). */
  inboundsEndedAfter(request: {
    readonly after: number;
    readonly limit: number;
    readonly filters?: readonly FieldFilter[];
  }): Promise<EndedInbounds>;
  /** The number of the last end; 0 where nothing ended yet. */
  lastEndedInbound(): Promise<number>;
}

export interface SlotCommands {
  /** Takes one of `limit` slots (S5); while it rings, at most half of them for one endpoint (A5). */
  takeSlot(slot: {
    readonly inbound_id: string;
    readonly node_id: string;
    readonly limit: number;
    readonly endpoint?: string;
  }): Promise<'taken' | 'full'>;
  /** The call was connected: it no longer counts against its endpoint. */
  connectSlot(inboundId: string): Promise<void>;
  releaseSlot(inboundId: string): Promise<void>;
  /** After a crash. */
  releaseSlotsOf(nodeId: string): Promise<void>;
}

export interface Store
  extends InboundCommands,
    CallCommands,
    ChatCommands,
    SlotCommands,
    ConfigCommands,
    JobCommands,
    TextCommands,
    KnowledgeCommands,
    KeyCommands,
    EventCommands,
    PurchaseCommands,
    AuditCommands {
  /** Waits for what is queued, then closes. */
  close(): Promise<void>;
}
