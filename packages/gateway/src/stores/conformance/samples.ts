/** Rows for the suite's tests. */
import type { AttemptRecord } from '@pickup/contract';
import type {
  AgentVersionRow,
  CallRow,
  EngineVersionRow,
  InboundArrival,
  InboundDecision,
  NumberRow,
  TagRow,
} from '../port.ts';

export const NOW = 1_790_000_000_000;

export function arrival(inboundId: string, over: Partial<InboundArrival> = {}): InboundArrival {
  return {
    inbound_id: inboundId,
    channel: 'call',
    edge: 'sip',
    from_number: '+12137771234',
    to_number: '+12137771235',
    arrival_timestamp: NOW,
    session_id: `call_of_${inboundId}`,
    settings: { inbound_webhook_url: 'https://example.com/hook' },
    node_id: 'node-1',
    lease_until: NOW + 60_000,
    ...over,
  };
}

export function attempt(number: number, over: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    attempt: number,
    start_timestamp: NOW + number,
    end_timestamp: NOW + number + 10,
    phases: { total_ms: 10 },
    verdict: 'failed',
    ...over,
  };
}

export function decision(inboundId: string, over: Partial<InboundDecision> = {}): InboundDecision {
  return {
    inbound_id: inboundId,
    decided_timestamp: NOW + 20,
    intended: 'connected',
    agent_id: 'agent_1',
    agent_version: 0,
    attempts: [attempt(1)],
    reply: { call_inbound: { override_agent_id: 'agent_1' } },
    issues: [],
    steps: ['agent agent_1 because override_agent_id'],
    dialog: { route: ['sip:proxy'] },
    ...over,
  };
}

export function call(callId: string, over: Partial<CallRow> = {}): CallRow {
  return {
    call_id: callId,
    call_status: 'ongoing',
    agent_id: 'agent_1',
    agent_version: 0,
    direction: 'inbound',
    from_number: '+12137771234',
    to_number: '+12137771235',
    created_timestamp: NOW,
    node_id: 'node-1',
    ...over,
  };
}

export function number(phoneNumber: string, over: Partial<NumberRow['settings']> = {}): NumberRow {
  return {
    settings: { phone_number: phoneNumber, phone_number_type: 'custom', last_modification_timestamp: NOW, ...over },
  };
}

export function agent(agentId: string, over: Partial<AgentVersionRow> = {}): AgentVersionRow {
  return {
    agent_id: agentId,
    version: 0,
    channel: 'voice',
    base_version: null,
    is_published: false,
    last_modification_timestamp: NOW,
    settings: { voice_id: '11labs-Adrian', response_engine: { type: 'retell-llm', llm_id: 'llm_1' } },
    tags: [],
    ...over,
  };
}

export function engine(id: string, over: Partial<EngineVersionRow> = {}): EngineVersionRow {
  return {
    kind: 'retell-llm',
    id,
    version: 0,
    is_published: false,
    last_modification_timestamp: NOW,
    settings: { model: 'gpt-4o-mini' },
    ...over,
  };
}

export function tag(name: string, version: number | null, over: Partial<TagRow> = {}): TagRow {
  return {
    agent_id: 'agent_1',
    tag: name,
    version,
    dynamic_variables: { tier: name },
    assigned_timestamp: NOW,
    ...over,
  };
}

/** Runs something a number of times, by turns on two stores, all at once. */
export function byTurns<S, T>(a: S, b: S, times: number, run: (store: S, index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => run(index % 2 === 0 ? a : b, index)));
}
