/** What a memory store holds. Several stores may share one: they are then connections to the same data. */
import type { JsonObject } from '@pickup/contract';
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
  NumberRow,
  PurchaseRow,
  TagRow,
} from '../port.ts';
import { createKnowledgeData, type MemoryKnowledge } from './knowledge.ts';

/** An inbound as opened, decided and settled. */
export interface MemoryInbound {
  readonly sequence: number;
  readonly arrival: InboundArrival;
  readonly decision?: Omit<InboundDecision, 'attempts'>;
  readonly attempts: InboundDecision['attempts'];
  readonly settlement?: InboundSettlement;
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
