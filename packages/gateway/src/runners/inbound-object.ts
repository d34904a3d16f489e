/** The inbound as `GET /get-inbound` shows it, from a state in progress. */
import type { InboundObject, Json, JsonObject, PhoneNumberSettings, SipTraceLine } from '@pickup/contract';
import { type InboundState, webhookUrl } from '@pickup/core';

/**
 * The live view: what the store will say once the inbound has ended. An outcome is not shown before it is durable, lest
 * a crash change it; `overloaded` is, for the store may be unable to write it.
 */
export function liveInboundObject(state: InboundState, sip: readonly SipTraceLine[]): InboundObject {
  const { facts, ledger, phase } = state;
  const verdict = 'verdict' in phase ? phase.verdict : undefined;
  const plan = 'plan' in phase ? phase.plan : verdict?.kind === 'connect' ? verdict.plan : undefined;
  return {
    inbound_id: facts.inbound_id,
    channel: facts.channel,
    edge: facts.edge,
    from_number: facts.from_number,
    to_number: facts.to_number,
    arrival_timestamp: facts.arrived.wallMs,
    outcome: phase.name === 'closed' && phase.outcome === 'overloaded' ? phase.outcome : null,
    ...(plan && { agent_id: plan.agent_id, agent_version: plan.agent_version }),
    ...(facts.channel === 'call' ? { call_id: facts.session_id } : { chat_id: facts.session_id }),
    attempts: ledger.attempts,
    ...(ledger.request !== undefined && { request: JSON.parse(ledger.request) as Json }),
    ...(ledger.reply !== undefined && { reply: ledger.reply }),
    issues: ledger.issues,
    decision: ledger.steps,
    settings: usedSettings(state),
    ...(sip.length > 0 && { sip: { messages: sip } }),
  };
}

const redactedNumbers = new WeakMap<PhoneNumberSettings, JsonObject>();

/** The settings of arrival, with secrets in URLs redacted (H1). */
export function usedSettings(state: InboundState): JsonObject {
  const { entry } = state.facts;
  if (entry.kind !== 'number') return { entry: entry.kind };
  const known = redactedNumbers.get(entry.number);
  if (known) return known;
  const url = webhookUrl(state.facts);
  const { inbound_webhook_url: _calls, inbound_sms_webhook_url: _texts, ...rest } = entry.number;
  const settings = { ...rest, ...(url !== undefined && { webhook_url: redactUrl(url) }) } as unknown as JsonObject;
  redactedNumbers.set(entry.number, settings);
  return settings;
}

/** A URL without its userinfo and query, both of which carry keys (H1). */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '[unreadable URL]';
  const parsed = new URL(url);
  const user = parsed.username || parsed.password ? '***@' : '';
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}${parsed.search ? '?***' : ''}`;
}
