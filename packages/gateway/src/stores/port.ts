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
 */
import type {
  AgentChannel,
  AgentVersionReference,
  AttemptRecord,
  CallMediaStats,
  Channel,
  EdgeName,
  InboundObject,
  Issue,
  Json,
  JsonObject,
  Outcome,
  PhoneNumberSettings,
  ResolvedTarget,
  Settings,
  SipTraceLine,
} from '@pickup/contract';
import type { AgentWanted, ChatCommands } from './port-chats.ts';
import type { KnowledgeCommands } from './port-knowledge.ts';

export * from './port-chats.ts';
export * from './port-knowledge.ts';

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

export type CallStatus = 'registered' | 'not_connected' | 'ongoing' | 'ended' | 'error';

/** Where a call's events go, fixed when the call is: later changes of the agent do not touch it (E8). */
export interface EventHook {
  /** Variables are rendered. */
  readonly url: string;
  /** Names of the events that are wanted. */
  readonly events: readonly string[];
  /** Of each attempt. */
  readonly timeout_ms: number;
}

/** The call object's stored fields, in Retell's names (H4). */
export interface CallRow {
  readonly call_id: string;
  readonly call_status: CallStatus;
  readonly agent_id: string;
  readonly agent_version: number;
  readonly agent_name?: string;
  readonly agent_tag?: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from_number: string;
  readonly to_number: string;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables?: Readonly<Record<string, string>>;
  readonly custom_sip_headers?: Readonly<Record<string, string>>;
  /** Set by update-call. */
  readonly custom_attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly data_storage_setting?: string;
  readonly start_timestamp?: number;
  readonly end_timestamp?: number;
  readonly disconnection_reason?: string;
  /** Figures of the audio, once the call is over (ours). */
  readonly media_stats?: CallMediaStats;
  readonly transcript?: string;
  readonly transcript_object?: Json;
  readonly inbound_id?: string;
  readonly node_id?: string;
  /** Kept while ongoing, for the BYE after a crash. */
  readonly dialog?: EdgeMemo;
  readonly event_hook?: EventHook;
  /** The registration's own override and expiry (A3). */
  readonly registration?: JsonObject;
  /** Epoch ms of creation; lists are ordered by it. */
  readonly created_timestamp: number;
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

export interface CallListRequest extends PageRequest {
  /** All hold. `duration_ms` is a field too. */
  readonly filters?: readonly FieldFilter[];
  /** Any of these agents; without versions, any version. */
  readonly agents?: readonly AgentWanted[];
  readonly skip?: number;
  readonly include_total?: boolean;
  /** Left out of the rows. */
  readonly omit?: readonly (keyof CallRow)[];
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
}

export interface CallCommands {
  registerCall(call: CallRow): Promise<void>;
  /** Claims a registered call for an inbound (S4); `busy` while another INVITE rings on it. */
  claimRegisteredCall(
    callId: string,
    inboundId: string,
    now: number,
  ): Promise<
    | { readonly claim: 'claimed'; readonly call: CallRow }
    | { readonly claim: 'busy' | 'expired' | 'unknown' | 'answered' }
  >;
  /** Gives the claim back when the inbound did not connect. */
  releaseRegisteredCall(callId: string, inboundId: string): Promise<void>;
  /** Registered calls past their five minutes become `error`/`registered_call_timeout`; says how many. */
  expireRegisteredCalls(now: number): Promise<number>;
  updateCall(callId: string, change: Partial<CallRow>): Promise<CallRow | undefined>;
  /**
   * The end of a connected call. `spoken` is left out where the call's `data_storage_setting`, as it stands by then,
   * keeps nothing of what was said. A call that was deleted meanwhile stays so.
   */
  endCall(callId: string, end: Partial<CallRow>, spoken: Partial<CallRow>): Promise<void>;
  deleteCall(callId: string): Promise<boolean>;
  getCall(callId: string): Promise<CallRow | undefined>;
  /**
   * By creation. Where filters have no index a page may end before it is full, with `has_more` and a key to go on from,
   * and `total` may be left out: neither looks through calls for longer than a few seconds. The id of a call is a
   * pagination key too.
   */
  listCalls(request: CallListRequest): Promise<Page<CallRow>>;
  /** Calls `ongoing` on this node: after a crash they are ended (H3). */
  ongoingCalls(nodeId: string): Promise<readonly CallRow[]>;
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

export interface NumberRow {
  readonly settings: PhoneNumberSettings;
  /** Sealed trunk password; never leaves the store but to be opened. */
  readonly sealed_auth_password?: string;
  /** Sealed password of the callers who show `sip_inbound_username`; never leaves the store but to be opened. */
  readonly sealed_sip_inbound_password?: string;
}

export interface AgentVersionRow {
  readonly agent_id: string;
  readonly version: number;
  readonly channel: AgentChannel;
  readonly base_version: number | null;
  readonly is_published: boolean;
  readonly published_timestamp?: number;
  /** The engine's version at publication, where the engine is stored; drafts follow the latest unless they name one. */
  readonly published_engine_version?: number;
  readonly last_modification_timestamp: number;
  readonly settings: Settings;
  readonly tags: readonly string[];
}

export type EngineKind = 'retell-llm' | 'conversation-flow';

/** `used_by` names at most ten of those that stand in the way. */
export type Deletion = 'deleted' | 'unknown' | { readonly used_by: readonly string[] };

export interface EngineVersionRow {
  readonly kind: EngineKind;
  readonly id: string;
  readonly version: number;
  /** With the first agent that was published with it; it cannot change any more. */
  readonly is_published: boolean;
  readonly last_modification_timestamp: number;
  readonly settings: Settings;
}

export interface TagRow {
  readonly agent_id: string;
  readonly tag: string;
  /** null: exists but is unassigned, and resolves to the latest version. */
  readonly version: number | null;
  readonly dynamic_variables: Readonly<Record<string, string>>;
  readonly assigned_timestamp: number;
}

export type ResolveResult =
  | { readonly found: true; readonly target: ResolvedTarget; readonly knowledge_bases: ReadonlySet<string> }
  | { readonly found: false; readonly missing: 'agent' | 'version' | 'engine'; readonly message: string };

export interface ConfigCommands {
  getNumber(phoneNumber: string): Promise<NumberRow | undefined>;
  /** Creates or replaces; `create` fails with false where the number exists. */
  putNumber(row: NumberRow, mode: 'create' | 'replace'): Promise<boolean>;
  deleteNumber(phoneNumber: string): Promise<boolean>;
  listNumbers(request: PageRequest): Promise<Page<NumberRow>>;
  /** Those that say themselves who may call (`sip_peers`, `sip_inbound_username`), however many others there are. */
  listGuardedNumbers(request: PageRequest): Promise<Page<NumberRow>>;

  createAgent(row: AgentVersionRow): Promise<boolean>;
  /** Any reference; undefined where agent or version is unknown. */
  getAgent(agentId: string, reference?: AgentVersionReference): Promise<AgentVersionRow | undefined>;
  /** Only drafts change. */
  updateAgent(row: AgentVersionRow): Promise<'updated' | 'published' | 'unknown'>;
  /**
   * In place; `unknown` covers agent and version. The engine's version, the one named or else the latest, is published
   * with it, in the same commit: what a published agent does no longer changes (E8).
   */
  publishAgent(agentId: string, version: number, now: number): Promise<'published' | 'already' | 'unknown'>;
  /** A new draft copied from `baseVersion`, and one of its engine with it; see fork-version.ts. */
  createAgentVersion(agentId: string, baseVersion: number, now: number): Promise<AgentVersionRow | undefined>;
  /** Refused while a number names the agent. */
  deleteAgent(agentId: string): Promise<Deletion>;
  /**
   * Refused while a tag or a number names the version, and for the only version. The engine's draft that was made with
   * it goes too, unless another version names that one.
   */
  deleteAgentVersion(agentId: string, version: number): Promise<Deletion | 'only'>;
  /** `name` is part of the agent's name or id, in any case; as with calls, a page of those found may end early. */
  listAgents(
    request: PageRequest & { readonly channel?: AgentChannel; readonly name?: string },
  ): Promise<Page<AgentVersionRow & { readonly all_tags: readonly TagRow[] }>>;
  listAgentVersions(agentId: string, request: PageRequest): Promise<Page<AgentVersionRow>>;
  assignTag(tag: TagRow): Promise<boolean>;

  createEngine(row: EngineVersionRow): Promise<boolean>;
  /** Default: the latest version, draft or not. */
  getEngine(kind: EngineKind, id: string, version?: number | 'latest_draft'): Promise<EngineVersionRow | undefined>;
  updateEngine(row: EngineVersionRow): Promise<'updated' | 'published' | 'unknown'>;
  /** With all its versions. Refused while an agent names it, unless `force`. */
  deleteEngine(kind: EngineKind, id: string, force: boolean): Promise<Deletion>;
  /** The latest version of each. */
  listEngines(kind: EngineKind, request: PageRequest): Promise<Page<EngineVersionRow>>;

  putKnowledgeBase(id: string, name: string): Promise<void>;
  knowledgeBasesExist(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /**
   * Agent, version, engine, tag variables and the knowledge bases asked for, in one consistent read (E8).
   * `engineOverride` is the reply's response_engine, read in the same snapshot (E4).
   */
  resolveTarget(request: {
    readonly agent_id: string;
    readonly reference: AgentVersionReference;
    readonly engine_override?: JsonObject;
    readonly knowledge_base_ids?: readonly string[];
  }): Promise<ResolveResult>;
}

export interface ApiKeyRow {
  readonly key_id: string;
  /** SHA-256 of the key, hex: logins are compared by it in constant time. */
  readonly login_hash: string;
  /** The key itself, sealed: needed to sign. */
  readonly sealed_key: string;
  /** `webhook`: it may sign, and open nothing. */
  readonly role: 'full' | 'read_only' | 'webhook';
  /** The one key that signs webhooks (B2). */
  readonly signs: boolean;
  readonly created_timestamp: number;
  readonly revoked_timestamp?: number;
  /** When it last opened the API or signed, to the minute. */
  readonly last_used_timestamp?: number;
}

export interface KeyCommands {
  listKeys(): Promise<readonly ApiKeyRow[]>;
  addKey(row: ApiKeyRow): Promise<void>;
  revokeKey(keyId: string, now: number): Promise<boolean>;
  /** Sets `last_used_timestamp`. */
  markKeyUsed(keyId: string, now: number): Promise<void>;
  /** Moves the signing mark to this key, in one commit. */
  promoteKey(keyId: string): Promise<boolean>;
  /** Small values about the store itself, such as the seal's check value. */
  getMeta(name: string): Promise<string | undefined>;
  putMeta(name: string, value: string): Promise<void>;
}

/** One try of an event's webhook. */
export interface EventAttempt {
  /** Epoch ms. */
  readonly start_timestamp: number;
  readonly status?: number;
  /** Class of the failure where no answer came. */
  readonly error?: string;
}

export interface EventRow {
  /** `<call id>.<event>`, likewise of a chat: each has an event once. */
  readonly event_id: string;
  /** The call or chat. */
  readonly subject_id: string;
  readonly event: string;
  readonly url: string;
  readonly timeout_ms: number;
  /** JSON as it is sent and signed. */
  readonly body: string;
  readonly created_timestamp: number;
  readonly attempts: readonly EventAttempt[];
  /** When it is due; absent once it was delivered or given up. */
  readonly next_timestamp?: number;
}

/**
 * Event webhooks. They are created in the same commit as the change they tell of (settleInbound, updateCall, endCall,
 * expireRegisteredCalls), by the rules of call-events.ts, so none is lost and none is told twice.
 */
export interface EventCommands {
  /**
   * The events due, the longest due first. One whose subject has an earlier event that was not tried yet is not due:
   * first attempts are in order, and a failing event holds no later one back.
   */
  dueEvents(now: number, limit: number): Promise<readonly EventRow[]>;
  /** Adds an attempt; without `nextTimestamp` nothing more is tried. */
  recordEventAttempt(eventId: string, attempt: EventAttempt, nextTimestamp?: number): Promise<void>;
  /** In the order of their creation. */
  listEvents(subjectId: string): Promise<readonly EventRow[]>;
}

/** One change that was made. */
export interface AuditEntry {
  /** Epoch ms. */
  readonly timestamp: number;
  /** The key that made it; `system` for the gateway at its start. */
  readonly key_id: string;
  /** The route, as `PATCH /update-agent/{agent_id}`, or the name of a setting. */
  readonly action: string;
  /** Ids of what was changed or made. */
  readonly target: Readonly<Record<string, string>>;
  /** Names of the members that were sent, never their values. */
  readonly fields: readonly string[];
}

export interface AuditCommands {
  recordAudit(entry: AuditEntry): Promise<void>;
  listAudit(request: PageRequest): Promise<Page<AuditEntry>>;
}

export interface Store
  extends InboundCommands,
    CallCommands,
    ChatCommands,
    SlotCommands,
    ConfigCommands,
    KnowledgeCommands,
    KeyCommands,
    EventCommands,
    AuditCommands {
  /** Waits for what is queued, then closes. */
  close(): Promise<void>;
}
