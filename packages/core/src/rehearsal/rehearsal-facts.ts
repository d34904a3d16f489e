/** The facts of an inbound that nobody placed: a number with a webhook, and all the rest as a fresh gateway has it. */
import {
  type AgentVersionReference,
  type Catalogue,
  type Channel,
  defaultCatalogue,
  type PhoneNumberSettings,
} from '@pickup/contract';
import type { Instant } from '../inbound/event.ts';
import type { GatewaySettings, InboundFacts, ResolvedKnowledge } from '../inbound/facts.ts';
import { blankTarget } from './blank-target.ts';

/** The URL of an endpoint that is not reached over the network. */
export const REHEARSED_ENDPOINT = 'https://endpoint.invalid/';

/** What is to come in, and where; all but the first four has a default. */
export interface RehearsalFactsOptions {
  readonly channel: Channel;
  /** E.164, or `anonymous`. */
  readonly from_number: string;
  readonly to_number: string;
  /** The moment of the arrival, from which the budget runs (C4). */
  readonly arrived: Instant;
  /** The number's own agent of the channel: named in the request (B1), and used by the fallback. Default: none. */
  readonly agent?: { readonly agent_id: string; readonly agent_version?: AgentVersionReference };
  /** What a read of that agent found. Default: `blankTarget`. */
  readonly resolved?: ResolvedKnowledge;
  /** Default: `REHEARSED_ENDPOINT`. */
  readonly webhook_url?: string;
  /** More of the number's settings, such as `on_invalid_override` or `ring_budget_ms`. */
  readonly number?: Partial<PhoneNumberSettings>;
  /** SIP headers, names lower-cased (E9). Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** ISO alpha-2 of the caller (A5). */
  readonly from_country?: string;
  /** Default: that of a gateway with a key for every provider. */
  readonly catalogue?: Catalogue;
  /** Default: every address may be called. */
  readonly checkUrl?: GatewaySettings['checkUrl'];
  /** Defaults: `inb_rehearsal`, and `call_rehearsal` or `chat_rehearsal`. */
  readonly inbound_id?: string;
  readonly session_id?: string;
}

const RING_BUDGET_MS = 45_000;
const TEXT_BUDGET_MS = 120_000;

/** A call or text to a number that asks a webhook. */
export function rehearsalFacts(options: RehearsalFactsOptions): InboundFacts {
  const { channel, arrived, from_country } = options;
  return {
    inbound_id: options.inbound_id ?? 'inb_rehearsal',
    session_id: options.session_id ?? (channel === 'call' ? 'call_rehearsal' : 'chat_rehearsal'),
    channel,
    edge: 'simulator',
    from_number: options.from_number,
    to_number: options.to_number,
    ...(from_country !== undefined && { from_country }),
    custom_sip_headers: options.headers ?? {},
    arrived,
    entry: { kind: 'number', number: numberOf(options), ...drawnOf(options) },
    edge_ring_limit_ms: 120_000,
    media: 'usable',
    gateway: {
      ring_budget_ms: RING_BUDGET_MS,
      text_budget_ms: TEXT_BUDGET_MS,
      webhook_profile: 'seed',
      concurrency: 0,
      catalogue: options.catalogue ?? everyProvider(),
      checkUrl: options.checkUrl ?? (() => ({ ok: true })),
    },
  };
}

function numberOf(options: RehearsalFactsOptions): PhoneNumberSettings {
  const url = options.webhook_url ?? REHEARSED_ENDPOINT;
  return {
    phone_number_type: 'custom',
    last_modification_timestamp: 0,
    ...options.number,
    phone_number: options.to_number,
    [options.channel === 'call' ? 'inbound_webhook_url' : 'inbound_sms_webhook_url']: url,
  };
}

function drawnOf({ agent, channel, resolved }: RehearsalFactsOptions) {
  if (!agent) return {};
  const { agent_id, agent_version } = agent;
  const target = blankTarget(channel, agent_id, agent_version ?? 'latest');
  const read = resolved ?? { found: true as const, target, knowledge_bases: new Set<string>() };
  return {
    drawn: { agent: { agent_id, weight: 1, ...(agent_version !== undefined && { agent_version }) }, resolved: read },
  };
}

let everything: Catalogue | undefined;

function everyProvider(): Catalogue {
  if (!everything) {
    const { voices, models } = defaultCatalogue();
    everything = defaultCatalogue([...voices.values(), ...models.values()].map(({ provider }) => provider));
  }
  return everything;
}
