/** Facts, targets and replies for tests: each with defaults, each field to be replaced. */
import {
  defaultCatalogue,
  type JsonObject,
  type PhoneNumberSettings,
  type ResolvedEngine,
  type ResolvedTarget,
} from '@pickup/contract';
import type { AttemptResult, Entry, GatewaySettings, InboundFacts, ResolvedKnowledge } from '../src/index.ts';

export const ARRIVED = { monoMs: 1_000_000, wallMs: 1_790_000_000_000 } as const;
export const URL_OF_ENDPOINT = 'https://endpoint.example/inbound';

export const CATALOGUE = defaultCatalogue(
  new Set(['builtin', 'elevenlabs', 'openai', 'cartesia', 'minimax', 'anthropic', 'google']),
);

export const LLM: ResolvedEngine = {
  type: 'retell-llm',
  id: 'llm_1',
  version: 0,
  settings: { model: 'gpt-4.1', begin_message: 'Hello.', default_dynamic_variables: { customer_name: 'friend' } },
};
export const FLOW: ResolvedEngine = {
  type: 'conversation-flow',
  id: 'flow_1',
  version: 0,
  settings: { model_choice: { type: 'cascading', model: 'gpt-4.1' }, start_speaker: 'agent' },
};
export const CUSTOM: ResolvedEngine = { type: 'custom-llm', llm_websocket_url: 'wss://llm.example/socket' };

export function buildTarget(replaced: Partial<ResolvedTarget> = {}): ResolvedTarget {
  return {
    agent_id: 'agent_12345',
    version: 1,
    is_published: true,
    channel: 'voice',
    how: 'latest',
    tag_variables: {},
    settings: {
      voice_id: '11labs-Adrian',
      language: 'en-US',
      voice_temperature: 1,
      response_engine: { type: 'retell-llm', llm_id: 'llm_1' },
    },
    engine: LLM,
    ...replaced,
  };
}

export function found(target: ResolvedTarget = buildTarget(), bases: readonly string[] = []): ResolvedKnowledge {
  return { found: true, target, knowledge_bases: new Set(bases) };
}

export function notFound(missing: 'agent' | 'version' | 'engine', message = `no ${missing}`): ResolvedKnowledge {
  return { found: false, missing, message };
}

export const NUMBER: PhoneNumberSettings = {
  phone_number: '+12137771235',
  phone_number_type: 'custom',
  inbound_webhook_url: URL_OF_ENDPOINT,
  last_modification_timestamp: 0,
};

/** A number without an agent. */
export function bareNumber(replaced: Partial<PhoneNumberSettings> = {}): Entry {
  return { kind: 'number', number: { ...NUMBER, ...replaced } };
}

/** A number with an agent: `agent_own` at its latest version. */
export function ownedNumber(
  replaced: Partial<PhoneNumberSettings> = {},
  drawn: (Entry & { kind: 'number' })['drawn'] = {
    agent: { agent_id: 'agent_own', weight: 1 },
    resolved: found(buildTarget({ agent_id: 'agent_own', version: 7 })),
  },
): Entry {
  return { kind: 'number', number: { ...NUMBER, ...replaced }, ...(drawn && { drawn }) };
}

export function buildFacts(
  replaced: Partial<Omit<InboundFacts, 'gateway'>> & { gateway?: Partial<GatewaySettings> } = {},
): InboundFacts {
  const { gateway, ...own } = replaced;
  return {
    inbound_id: 'inb_1',
    session_id: 'call_1',
    channel: 'call',
    edge: 'sip',
    from_number: '+12137771234',
    to_number: '+12137771235',
    custom_sip_headers: {},
    arrived: ARRIVED,
    entry: bareNumber(),
    edge_ring_limit_ms: 120_000,
    media: 'usable',
    ...own,
    gateway: {
      ring_budget_ms: 45_000,
      webhook_profile: 'seed',
      concurrency: 0,
      catalogue: CATALOGUE,
      checkUrl: (url) => (url.includes('private') ? { ok: false, message: 'a private address' } : { ok: true }),
      ...gateway,
    },
  };
}

/** The seed's sample reply, as sent. */
export const SEED_REPLY = {
  call_inbound: {
    override_agent_id: 'agent_12345',
    override_agent_version: 1,
    agent_override: {
      agent: {
        voice_id: '11labs-Adrian',
        voice_temperature: 0.6,
        interruption_sensitivity: 0.8,
        max_call_duration_ms: 1_800_000,
      },
      retell_llm: {
        model: 'gpt-4o-mini',
        model_temperature: 0.2,
        knowledge_base_ids: ['kb_abc123'],
        start_speaker: 'agent',
        begin_message: 'Hi {{customer_name}}, thanks for calling.',
      },
    },
    dynamic_variables: { customer_name: 'John Doe' },
    metadata: { random_id: '12345' },
  },
} as const satisfies JsonObject;

export function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

/** A received answer of an attempt, judged alone. */
export function received(status: number, body: unknown = '', more: { retryAfter?: string; truncated?: boolean } = {}) {
  return {
    started: ARRIVED,
    ended: { monoMs: ARRIVED.monoMs + 20, wallMs: ARRIVED.wallMs + 20 },
    phases: { total_ms: 20 },
    resent: false,
    received: true,
    status,
    body: body instanceof Uint8Array ? body : bytes(body),
    truncated: false,
    ...more,
  } as const satisfies AttemptResult;
}

/** The value with everything in it frozen, so that a change of it throws. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    if (!ArrayBuffer.isView(value)) Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
}
