/**
 * The test kit: a call or text is played to its decision against a handler, by the very machine that the gateway runs,
 * without a phone, a gateway or a network. Retries and time-outs pass on a virtual clock.
 */
import {
  type AttemptRecord,
  type Explanation,
  explainInbound,
  type Issue,
  type Json,
  type JsonObject,
  type Outcome,
  type PhoneNumberSettings,
} from '@pickup/contract';
import { type Rehearsed, rehearsalFacts, rehearse } from '@pickup/core';
import { type Endpoint, reach } from './endpoint.ts';
import type { Fault } from './fault-name.ts';
import { AgentBook, type KnownAgent } from './known-agents.ts';
import { askThrough, hangUpAfter, readFault } from './link-faults.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Who calls whom, and what is there. */
export interface RingOptions {
  /** E.164, or `anonymous`. */
  readonly from: string;
  readonly to: string;
  /** Default `call`. */
  readonly channel?: 'call' | 'sms';
  /** The number's own agent: named in the request, and taken where the reply names none or the webhook fails. */
  readonly agent?: string | { readonly agent_id: string; readonly agent_version?: number | string };
  /** The agents that exist. Default: every agent a reply names. */
  readonly agents?: readonly (string | KnownAgent)[];
  /** More settings of the number, such as `on_invalid_override` or `ring_budget_ms`. */
  readonly number?: Partial<PhoneNumberSettings>;
  /** SIP headers of the call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A simulated fault in between: `timeout`, or `500:2` for the first two attempts only. */
  readonly fault?: Fault;
  /** Real ms a handler may take for an attempt, in place of the 10 s; its signal aborts then. */
  readonly patienceMs?: number;
  /** The key to sign with. Default: the first of a handler of createInboundHandler. */
  readonly apiKey?: string;
  /** The path to ask, where the endpoint has several. */
  readonly path?: string;
}

/** What became of it. */
export interface RingOutcome {
  readonly outcome: Outcome;
  /** The agent that took it, where it was connected. */
  readonly agent_id?: string;
  /** Absent where `latest` or a tag was asked for and nobody knows the agent's versions. */
  readonly agent_version?: number;
  readonly dynamic_variables: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
  /** Settings of agent and engine with the override laid on top; only what the agents of the options and the reply set. */
  readonly settings?: { readonly agent: JsonObject; readonly engine: JsonObject };
  /** What the linter and the decision found; empty where all is well. */
  readonly issues: readonly Issue[];
  /** The steps of the decision, as the gateway's record has them. */
  readonly decision: readonly string[];
  readonly attempts: readonly AttemptRecord[];
  /** The reply as parsed. */
  readonly reply?: Json;
  /** What became of it in a sentence, and what to do where something is wrong. */
  readonly explanation: Explanation;
  /** How long it rang, in ms of the virtual clock. */
  readonly waited_ms: number;
}

/** Rings an endpoint. Rejects where the options are wrong, or a bare function throws. */
export async function ring(endpoint: Endpoint, options: RingOptions): Promise<RingOutcome> {
  const { channel = 'call' } = options;
  const reachable = reach(endpoint, options);
  const fault = readFault(options.fault);
  const clock = new VirtualClock(Date.now());
  const inboundId = `inb_${crypto.randomUUID().replaceAll('-', '')}`;
  const agents = new AgentBook(options.agents, channel);
  const resolve: Ports['resolve'] = (request) => agents.resolve(request);
  const facts = await factsOf(options, { channel, inboundId, clock, resolve });
  const asking = { endpoint: reachable, clock, inboundId, patienceMs: options.patienceMs ?? Number.POSITIVE_INFINITY };
  let bug: { readonly error: unknown } | undefined;
  const ask: Ports['ask'] = (effect, signal) =>
    askThrough(fault, effect, signal, asking).catch((error) => {
      bug = { error };
      throw error;
    });
  const hangUpAfterMs = hangUpAfter(fault);
  const hangUp = hangUpAfterMs === undefined ? {} : { hangUpAfterMs };
  const ended = await rehearse(facts, { clock, chance: () => 0.5, ask, resolve }, hangUp);
  if (bug) throw bug.error;
  return outcomeOf(ended, { channel, from_number: options.from, to_number: options.to }, agents);
}

type Ports = Parameters<typeof rehearse>[1];

async function factsOf(
  { from, to, agent, number, headers }: RingOptions,
  {
    channel,
    inboundId,
    clock,
    resolve,
  }: Pick<Ports, 'resolve'> & { channel: 'call' | 'sms'; inboundId: string; clock: VirtualClock },
) {
  const own = typeof agent === 'string' ? { agent_id: agent } : agent;
  const resolved = own && (await resolve({ agent_id: own.agent_id, reference: own.agent_version ?? 'latest' }));
  return rehearsalFacts({
    ...{ channel, from_number: from, to_number: to, inbound_id: inboundId },
    arrived: { monoMs: clock.monoMs(), wallMs: clock.wallMs() },
    ...(own && { agent: own }),
    ...(resolved && { resolved }),
    ...(number && { number }),
    ...(headers && { headers: lowerCased(headers) }),
  });
}

/** Sends an endpoint the first text of a chat; as ring, with `channel: 'sms'`. */
export function text(endpoint: Endpoint, options: Omit<RingOptions, 'channel' | 'headers'>): Promise<RingOutcome> {
  return ring(endpoint, { ...options, channel: 'sms' });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

type Numbers = { readonly channel: 'call' | 'sms'; readonly from_number: string; readonly to_number: string };

function outcomeOf({ outcome, plan, ledger, ended }: Rehearsed, numbers: Numbers, agents: AgentBook): RingOutcome {
  const { attempts, issues, steps: decision, reply } = ledger;
  const taken = plan && outcome === 'connected' ? plan : undefined;
  const who = taken && {
    agent_id: taken.agent_id,
    ...(agents.knowsVersionOf(taken.agent_id) && { agent_version: taken.agent_version }),
  };
  const said = reply === undefined ? {} : { reply };
  return {
    outcome,
    ...who,
    dynamic_variables: taken?.dynamic_variables ?? {},
    ...(taken?.metadata && { metadata: taken.metadata }),
    ...(taken && {
      settings: { agent: taken.agent, engine: taken.engine.type === 'custom-llm' ? {} : taken.engine.settings },
    }),
    ...{ issues, decision, attempts },
    ...said,
    explanation: explainInbound({ ...numbers, ...who, outcome, attempts, issues, decision, ...said }),
    waited_ms: Math.round(ended.monoMs),
  };
}
