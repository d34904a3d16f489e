/** The store's commands for configuration: numbers, agents with versions and tags, engines. */
import type {
  AgentChannel,
  AgentVersionReference,
  JsonObject,
  PhoneNumberSettings,
  ResolvedTarget,
  Settings,
} from '@pickup/contract';
import type { Page, PageRequest } from './port.ts';

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
