/** The body of the webhook request, in the seed's shape and order (B1, B4). */

import type { Instant } from '../inbound/event.ts';
import type { InboundFacts } from '../inbound/facts.ts';

/** The URL that is asked for this inbound, if any (A1). */
export function webhookUrl(facts: Pick<InboundFacts, 'channel' | 'entry'>): string | undefined {
  if (facts.entry.kind !== 'number') return undefined;
  const { inbound_webhook_url: calls, inbound_sms_webhook_url: texts } = facts.entry.number;
  if (facts.channel === 'call') return calls || undefined;
  return (texts === undefined ? calls : texts) || undefined;
}

/** The JSON to POST, byte for byte what is signed. */
export function buildRequestBody(facts: InboundFacts, at: Instant): string {
  const group = facts.channel === 'call' ? 'call_inbound' : 'chat_inbound';
  const current = profileOf(facts) === 'current';
  const inner = {
    ...(current && { [facts.channel === 'call' ? 'call_id' : 'chat_id']: facts.session_id }),
    ...drawnAgent(facts),
    from_number: facts.from_number,
    to_number: facts.to_number,
    ...(current && facts.channel === 'call' && { custom_sip_headers: facts.custom_sip_headers }),
  };
  return JSON.stringify({ event: group, ...(current && { event_timestamp: at.wallMs }), [group]: inner });
}

function profileOf(facts: InboundFacts): 'seed' | 'current' {
  const own = facts.entry.kind === 'number' ? facts.entry.number.inbound_webhook_profile : undefined;
  return own ?? facts.gateway.webhook_profile;
}

/** `agent_version` is the resolved number, and only there when the number names a version. */
function drawnAgent(facts: InboundFacts): { agent_id?: string; agent_version?: number } {
  if (facts.entry.kind !== 'number' || !facts.entry.drawn) return {};
  const { agent, resolved } = facts.entry.drawn;
  if (agent.agent_version === undefined) return { agent_id: agent.agent_id };
  const version = resolved.found ? resolved.target.version : agent.agent_version;
  return { agent_id: agent.agent_id, ...(typeof version === 'number' && { agent_version: version }) };
}
