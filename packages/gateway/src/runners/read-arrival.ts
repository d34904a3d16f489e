/** Makes an inbound's facts: everything that is read at its arrival and then holds for it (E8). */
import type { AgentOverride, Catalogue, Channel, EdgeName, PhoneNumberSettings } from '@pickup/contract';
import {
  drawAgent,
  type Entry,
  type GatewaySettings,
  type InboundFacts,
  type Instant,
  overrideReads,
} from '@pickup/core';
import type { CallRow, Store } from '../stores/port.ts';
import type { Clock } from './clock.ts';
import { countryOf } from './phone-digits.ts';

export interface ArrivalReaderDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Random part of an id, ≥ 128 bits. */
  readonly newId: () => string;
  readonly ringBudgetMs: number;
  /** Of a text (C4); default 120,000. */
  readonly textBudgetMs?: number;
  readonly webhookProfile: 'seed' | 'current';
  readonly concurrency: number;
  /** May be another at each look; an inbound keeps the one it arrived under. */
  readonly catalogue: Catalogue;
  readonly checkUrl: GatewaySettings['checkUrl'];
}

/** A call as an edge heard it, or a text as one read it. */
export interface ArrivedCall {
  /** Default: a call. */
  readonly channel?: Channel;
  readonly edge: EdgeName;
  readonly arrived: Instant;
  /** As dialled. */
  readonly dialled: string;
  /** The dialled number in E.164 by the trunk's country, where it is one. */
  readonly dialledE164?: string;
  readonly from: string;
  readonly headers: Readonly<Record<string, string>>;
  /** May this caller call the number found? Where not, nobody owns it. Default: yes. */
  readonly mayCall?: (number: PhoneNumberSettings) => boolean;
  readonly media: InboundFacts['media'];
  /** The longest this edge can ring, in ms; default 120,000. */
  readonly ringLimitMs?: number;
  /** A claimed registration (A3); then nothing is looked up by number. */
  readonly registered?: CallRow;
  readonly inboundId: string;
}

export type ArrivalReader = (call: ArrivedCall) => Promise<InboundFacts>;

/** The gateway's own settings as an inbound gets them now: one that goes on after a stop takes them anew. */
export type GatewayReader = () => GatewaySettings;

const LONGEST_RING_MS = 120_000;

export function createArrivalReader(deps: ArrivalReaderDeps): ArrivalReader & { readonly gateway: GatewayReader } {
  const settings = {
    ring_budget_ms: deps.ringBudgetMs,
    ...(deps.textBudgetMs !== undefined && { text_budget_ms: deps.textBudgetMs }),
    webhook_profile: deps.webhookProfile,
    concurrency: deps.concurrency,
    catalogue: deps.catalogue,
    checkUrl: deps.checkUrl,
  };
  const gateway = (): GatewaySettings => ({ ...settings, catalogue: deps.catalogue });
  const read = async (call: ArrivedCall): Promise<InboundFacts> => {
    const entry = call.registered
      ? await registeredEntry(deps.store, call.registered)
      : await numberEntry(deps.store, call);
    const to =
      entry.kind === 'number'
        ? entry.number.phone_number
        : (call.registered?.to_number ?? call.dialledE164 ?? call.dialled);
    const from = call.registered?.from_number || call.from;
    const country = needsCountry(entry) ? countryOf(from) : undefined;
    return {
      inbound_id: call.inboundId,
      session_id: call.registered?.call_id ?? `${call.channel === 'sms' ? 'chat' : 'call'}_${deps.newId()}`,
      channel: call.channel ?? 'call',
      edge: call.edge,
      from_number: from,
      to_number: to,
      ...(country !== undefined && { from_country: country }),
      custom_sip_headers: call.headers,
      arrived: call.arrived,
      entry,
      edge_ring_limit_ms: call.ringLimitMs ?? LONGEST_RING_MS,
      media: call.media,
      gateway: gateway(),
    };
  };
  return Object.assign(read, { gateway });
}

/** The number as dialled, else in E.164 (A0), with the agent drawn for this inbound (A7). */
async function numberEntry(store: Store, call: ArrivedCall): Promise<Entry> {
  const exact = await store.getNumber(call.dialled);
  const row =
    exact ??
    (call.dialledE164 && call.dialledE164 !== call.dialled ? await store.getNumber(call.dialledE164) : undefined);
  if (!row || call.mayCall?.(row.settings) === false) return { kind: 'nobody' };
  const { inbound_agents: forCalls, inbound_sms_agents: forTexts } = row.settings;
  const agent = drawAgent(call.channel === 'sms' ? forTexts : forCalls, call.inboundId);
  if (!agent) return { kind: 'number', number: row.settings };
  const resolved = await store.resolveTarget({ agent_id: agent.agent_id, reference: agent.agent_version ?? 'latest' });
  return { kind: 'number', number: row.settings, drawn: { agent, resolved } };
}

async function registeredEntry(store: Store, call: CallRow): Promise<Entry> {
  const override = call.registration?.['agent_override'] as AgentOverride | undefined;
  const resolved = await store.resolveTarget({
    agent_id: call.agent_id,
    reference: call.agent_version,
    ...overrideReads(override),
  });
  return {
    kind: 'registered',
    direction: call.direction,
    resolved,
    dynamic_variables: call.retell_llm_dynamic_variables ?? {},
    ...(call.metadata && { metadata: call.metadata }),
    ...(override && { agent_override: override }),
  };
}

function needsCountry(entry: Entry): boolean {
  return entry.kind === 'number' && (entry.number.allowed_inbound_country_list?.length ?? 0) > 0;
}
