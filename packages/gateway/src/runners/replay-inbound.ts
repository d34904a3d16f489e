/**
 * A recorded request sent again, once: the endpoint's answer is played to the decision it would lead to now. Nobody is
 * connected, nothing is stored. The body says that it is a replay, and `webhook-id` is one of its own, so an endpoint
 * that keeps what it has seen takes it for new.
 */
import type { AttemptRecord, Catalogue, InboundObject, JsonObject, PhoneNumberSettings } from '@pickup/contract';
import {
  type AttemptResult,
  drawAgent,
  type GatewaySettings,
  type InboundEffect,
  type InboundFacts,
  type RehearsedStart,
  rehearsalFacts,
  rehearse,
  type SessionPlan,
  webhookUrl,
} from '@pickup/core';
import type { Store } from '../stores/port.ts';
import type { Clock } from './clock.ts';
import type { Decided } from './compare-decisions.ts';
import { redactUrl } from './inbound-object.ts';
import { countryOf } from './phone-digits.ts';

type Ask = InboundEffect & { readonly type: 'ask' };

/** One attempt over the network; `signing_key`: in place of the account's. Never rejects. */
export type SendReplay = (
  ask: Ask,
  request: { readonly webhook_id: string; readonly signing_key?: string; readonly signal: AbortSignal },
) => Promise<AttemptResult>;

export interface ReplayDeps {
  readonly store: Pick<Store, 'getNumber' | 'getCall' | 'resolveTarget'>;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly checkUrl: GatewaySettings['checkUrl'];
  readonly newId: () => string;
  readonly start: (plan: SessionPlan) => Promise<RehearsedStart>;
  readonly send: SendReplay;
}

/** Where it goes instead of the number's own URL, and what signs it there. */
export interface OtherEndpoint {
  readonly webhook_url: string;
  readonly signing_key: string;
}

/** What would be decided now; `attempt` is absent where the caller was turned away unasked. */
export type Replay = Decided & { readonly attempt?: AttemptRecord };

export type Replayed =
  /** `settings`: what an explanation of it goes by; the number's own where its own URL was asked. */
  | { readonly done: true; readonly replay: Replay; readonly settings: JsonObject }
  /** `why` is a sentence for a person. */
  | { readonly done: false; readonly why: string };

/** Sends it to the number's present URL, or to `other`. */
export async function replayInbound(
  deps: ReplayDeps,
  inbound: InboundObject,
  other: OtherEndpoint | undefined,
): Promise<Replayed> {
  const request = recordedRequest(inbound);
  if (typeof request === 'string') return { done: false, why: request };
  const row = await deps.store.getNumber(inbound.to_number);
  if (row === undefined) {
    return { done: false, why: `${inbound.to_number} is no longer a number here, so nothing can be decided for it.` };
  }
  const facts = await factsOf(deps, { inbound, request, number: row.settings, other });
  if (facts === undefined) {
    return { done: false, why: `${inbound.to_number} has no webhook URL any more; name one with webhook_url.` };
  }
  const webhook_id = `${inbound.inbound_id}_replay_${deps.newId()}`;
  const body = JSON.stringify({ ...request, replay: { inbound_id: inbound.inbound_id } });
  const { outcome, plan, ledger } = await rehearse(facts, {
    clock: deps.clock,
    chance: () => 0,
    ask: (ask, signal) =>
      deps.send({ ...ask, body }, { webhook_id, signal, ...(other && { signing_key: other.signing_key }) }),
    resolve: (wanted) => deps.store.resolveTarget(wanted),
    start: deps.start,
  });
  const { attempts, issues, steps, reply } = ledger;
  return {
    done: true,
    settings: {
      webhook_url: redactUrl(webhookUrl(facts) ?? ''),
      ...(other === undefined && { phone_number: inbound.to_number }),
    },
    replay: {
      ...(attempts[0] && { attempt: attempts[0] }),
      outcome,
      ...(plan && { agent_id: plan.agent_id, agent_version: plan.agent_version }),
      decision: steps,
      issues,
      ...(reply !== undefined && { reply }),
    },
  };
}

/** The request, or why there is none to send again. */
function recordedRequest({ inbound_id, outcome, request, attempts }: InboundObject): JsonObject | string {
  if (outcome === null) return `${inbound_id} is still undecided; replay it once it has its outcome.`;
  if (typeof request === 'object' && request !== null && !Array.isArray(request)) return request as JsonObject;
  if (attempts.length === 0) return `${inbound_id} asked no webhook, so there is nothing to send again.`;
  return `The request of ${inbound_id} was not kept: its agent's data_storage_setting forbids it, or it was never decided.`;
}

async function factsOf(
  { store, catalogue, checkUrl, clock }: ReplayDeps,
  given: {
    readonly inbound: InboundObject;
    readonly request: JsonObject;
    readonly number: PhoneNumberSettings;
    readonly other: OtherEndpoint | undefined;
  },
): Promise<InboundFacts | undefined> {
  const { inbound, number, other } = given;
  const { inbound_id, channel, from_number, to_number, edge } = inbound;
  const webhook_url = other?.webhook_url ?? webhookUrl({ channel, entry: { kind: 'number', number } });
  if (webhook_url === undefined) return undefined;
  const agents = channel === 'call' ? number.inbound_agents : number.inbound_sms_agents;
  const agent = drawAgent(agents, inbound_id);
  const resolved =
    agent && (await store.resolveTarget({ agent_id: agent.agent_id, reference: agent.agent_version ?? 'latest' }));
  const from_country = number.allowed_inbound_country_list?.length ? countryOf(from_number) : undefined;
  const session_id = inbound.call_id ?? inbound.chat_id;
  const facts = rehearsalFacts({
    ...{ channel, from_number, to_number, number, webhook_url, catalogue, checkUrl, inbound_id },
    arrived: { monoMs: clock.monoMs(), wallMs: clock.wallMs() },
    headers: await headersOf(store, inbound, given.request),
    ...(session_id !== undefined && { session_id }),
    ...(agent && { agent }),
    ...(resolved && { resolved }),
    ...(from_country !== undefined && { from_country }),
  });
  return { ...facts, edge, most_attempts: 1 };
}

/** The caller's headers, where the request or the call that came of it has them. */
async function headersOf(store: ReplayDeps['store'], inbound: InboundObject, request: JsonObject) {
  const group = request['call_inbound'] as { readonly custom_sip_headers?: unknown } | undefined;
  const sent = group?.custom_sip_headers as Readonly<Record<string, string>> | undefined;
  if (sent !== undefined || inbound.call_id === undefined) return sent ?? {};
  return (await store.getCall(inbound.call_id))?.custom_sip_headers ?? {};
}
