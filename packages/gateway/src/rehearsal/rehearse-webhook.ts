/**
 * A call or text played against an endpoint over the network, without a gateway: really signed and sent, with the
 * deadlines, retries and address rules of a real one. Agents are not looked up: every name counts as one that exists.
 */
import {
  type AgentVersionReference,
  type Channel,
  describeSimulatedFault,
  HANG_UP_AFTER_MS,
  type InboundObject,
  type SimulatedFault,
} from '@pickup/contract';
import { type Rehearsed, rehearsalFacts, rehearse, resolveBlank } from '@pickup/core';
import { createOutbound } from '@pickup/outbound';
import { type Clock, systemClock } from '../runners/clock.ts';
import { customHeadersOf } from '../runners/custom-headers.ts';
import { liveInboundObject, redactUrl } from '../runners/inbound-object.ts';
import { newId } from '../runners/new-id.ts';
import { VERSION } from '../version.ts';
import { startFaultySender } from '../webhook/faulty-sender.ts';
import { createWebhookSender } from '../webhook/sender.ts';

/** What is to come in, and which endpoint is to decide. */
export interface WebhookRehearsal {
  readonly channel: Channel;
  readonly from_number: string;
  readonly to_number: string;
  readonly webhookUrl: string;
  readonly signingKey: string;
  /** As SIP headers would come: X-* and the four that become variables; names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The number's own agent, for the request (B1) and the fallback (E3). Default: it has none. */
  readonly agent?: { readonly agent_id: string; readonly agent_version?: AgentVersionReference };
  readonly fault?: SimulatedFault;
  /** B4; default `seed`. */
  readonly profile?: 'seed' | 'current';
  /** CIDRs that may be reached although private; loopback always may. */
  readonly allow?: readonly string[];
  /** Told at each change of the record. */
  readonly onChange?: (inbound: InboundObject) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Plays it to its outcome. Rejects where the link of a simulated fault cannot listen. */
export async function rehearseWebhook(rehearsal: WebhookRehearsal): Promise<InboundObject> {
  const { clock = systemClock, fault, onChange, channel } = rehearsal;
  const facts = factsOf(rehearsal, clock);
  const outbound = createOutbound({ clock, loopback: true, allow: rehearsal.allow ?? [] });
  const sending = { outbound, signingKey: () => rehearsal.signingKey, wallMs: clock.wallMs, version: VERSION };
  const faulty = fault && (await startFaultySender(fault, { ...sending, clock }));
  const sender = faulty ?? createWebhookSender(sending);
  const settings = { webhook_url: redactUrl(rehearsal.webhookUrl) };
  let last: InboundObject | undefined;
  try {
    const rehearsed = await rehearse(
      facts,
      {
        clock,
        chance: Math.random,
        ask: (ask, signal) => sender.send(facts.inbound_id, ask, signal),
        resolve: resolveBlank(channel),
        onChange(state) {
          last = { ...liveInboundObject(state, []), settings };
          onChange?.(last);
        },
      },
      fault?.kind === 'hang-up' ? { hangUpAfterMs: HANG_UP_AFTER_MS } : {},
    );
    return settled(last!, rehearsed);
  } finally {
    await faulty?.close();
    await outbound.close();
  }
}

function factsOf(rehearsal: WebhookRehearsal, clock: Clock) {
  const { channel, fault, headers = {}, agent, profile } = rehearsal;
  const facts = rehearsalFacts({
    channel,
    from_number: rehearsal.from_number,
    to_number: rehearsal.to_number,
    webhook_url: rehearsal.webhookUrl,
    arrived: { monoMs: clock.monoMs(), wallMs: clock.wallMs() },
    headers: customHeadersOf(headers),
    ...(agent && { agent }),
    inbound_id: `inb_${newId()}`,
    session_id: `${channel === 'call' ? 'call' : 'chat'}_${newId()}`,
  });
  const gateway = { ...facts.gateway, webhook_profile: profile ?? facts.gateway.webhook_profile };
  return { ...facts, gateway, ...(fault && { simulated_fault: describeSimulatedFault(fault) }) };
}

/** The record with its end; no session was ever begun, and nobody knows which version `latest` would be. */
function settled(inbound: InboundObject, { outcome, plan, ledger, ended }: Rehearsed): InboundObject {
  const { call_id: _call, chat_id: _chat, agent_id: _agent, agent_version: _unknown, ...record } = inbound;
  return {
    ...record,
    outcome,
    outcome_timestamp: ended.wallMs,
    ...(plan && outcome === 'connected' && { agent_id: plan.agent_id }),
    attempts: ledger.attempts,
    issues: ledger.issues,
    decision: ledger.steps,
  };
}
