/** What a memory store holds. Several stores may share one: they are then connections to the same data. */
import type { JsonObject } from '@pickup/contract';
import type { TextHandling } from '@pickup/core';
import type {
  AgentVersionRow,
  ApiKeyRow,
  AuditEntry,
  CallRow,
  ChatMessage,
  ChatRow,
  EngineVersionRow,
  EventRow,
  InboundArrival,
  InboundDecision,
  InboundSettlement,
  Job,
  NewText,
  NumberRow,
  OutgoingRow,
  PurchaseRow,
  TagRow,
  TextPair,
  TextRun,
} from '../port.ts';
import { createKnowledgeData, type MemoryKnowledge } from './knowledge.ts';

/** An inbound as opened, decided and settled. */
export interface MemoryInbound {
  readonly sequence: number;
  readonly arrival: InboundArrival;
  readonly decision?: Omit<InboundDecision, 'attempts'>;
  readonly attempts: InboundDecision['attempts'];
  readonly settlement?: InboundSettlement;
  /** Greater for each later end. */
  readonly ended?: number;
}

export interface MemoryCall {
  readonly sequence: number;
  readonly call: CallRow;
  /** The inbound ringing on a registered call. */
  readonly holder: string | null;
}

export interface MemoryChat {
  readonly sequence: number;
  readonly chat: ChatRow;
  readonly messages: readonly ChatMessage[];
  /** While it goes on. */
  readonly plan?: JsonObject;
}

export interface MemoryText {
  readonly pair: string;
  readonly handling: TextHandling;
  readonly inbound_id: string;
  readonly chat_id?: string;
  readonly done_timestamp?: number;
  readonly text: NewText;
}

export interface MemoryPart {
  readonly row: OutgoingRow;
  readonly done_timestamp?: number;
}

export interface MemoryJob extends Job {
  readonly sequence: number;
  readonly job_key?: string;
  readonly run_at: number;
  readonly last_error?: string;
  readonly locked_by?: string;
  readonly locked_until?: number;
  /** Another was added in its place while it was taken. */
  readonly superseded?: true;
}

export interface MemorySlot {
  readonly node_id: string;
  readonly endpoint?: string;
  readonly connected: boolean;
}

export interface MemoryAgent {
  readonly sequence: number;
  readonly versions: Map<number, AgentVersionRow>;
  readonly tags: Map<string, TagRow>;
}

export interface MemoryData {
  readonly inbounds: Map<string, MemoryInbound>;
  readonly calls: Map<string, MemoryCall>;
  readonly chats: Map<string, MemoryChat>;
  readonly slots: Map<string, MemorySlot>;
  readonly numbers: Map<string, { readonly sequence: number; readonly row: NumberRow }>;
  readonly agents: Map<string, MemoryAgent>;
  /** By `kind id`, then by version. */
  readonly engines: Map<string, Map<number, EngineVersionRow>>;
  readonly knowledge: MemoryKnowledge;
  readonly keys: Map<string, ApiKeyRow>;
  readonly meta: Map<string, string>;
  readonly audit: AuditEntry[];
  /** By id, in the order of their creation. */
  readonly events: Map<string, EventRow>;
  readonly purchases: Map<string, PurchaseRow>;
  /** By id, in the order of storage, as are parts and jobs. */
  readonly texts: Map<string, MemoryText>;
  readonly textPairs: Map<string, TextPair>;
  readonly textRuns: Map<string, TextRun>;
  readonly parts: Map<string, MemoryPart>;
  readonly jobs: Map<string, MemoryJob>;
  /** Order of storage. */
  nextSequence(): number;
}

/** An empty store's data. */
export function createMemoryData(): MemoryData {
  let sequence = 0;
  return {
    inbounds: new Map(),
    calls: new Map(),
    chats: new Map(),
    slots: new Map(),
    numbers: new Map(),
    agents: new Map(),
    engines: new Map(),
    knowledge: createKnowledgeData(),
    keys: new Map(),
    meta: new Map(),
    audit: [],
    events: new Map(),
    texts: new Map(),
    textPairs: new Map(),
    textRuns: new Map(),
    parts: new Map(),
    jobs: new Map(),
    purchases: new Map(),
    nextSequence: () => ++sequence,
  };
}

/** A copy by way of JSON, as a database would keep it: `undefined` is dropped, nothing is shared. */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The key of an engine among the engines. */
export function engineKey(kind: string, id: string): string {
  return `${kind} ${id}`;
}
