/** What a number's settings need of the rest: agents that exist, a fallback that can be one. */
import {
  type AgentChannel,
  fallbackNumberWarning,
  isE164,
  type PhoneNumberSettings,
  type WeightedAgent,
} from '@pickup/contract';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { parseCidr } from '../config/index.ts';
import type { ApiDeps } from './deps.ts';
import { badReference } from './failure.ts';

const AGENT_LISTS = [
  ['inbound_agents', 'voice'],
  ['outbound_agents', 'voice'],
  ['inbound_sms_agents', 'chat'],
  ['outbound_sms_agents', 'chat'],
] as const;

/** What a number's body is judged by beside its own form. */
export function numberChecks(deps: ApiDeps) {
  return {
    checkUrl: (url: string) => deps.checkUrl(url, 'number_webhook'),
    isNumber,
    readPeer(text: string) {
      const read = parseCidr(text);
      return read.ok ? { ok: true as const, text: read.cidr.text } : read;
    },
  };
}

/** In E.164 form, and of a length that numbers of its country have. */
function isNumber(text: string): boolean {
  const parsed = isE164(text) ? parsePhoneNumberFromString(text) : undefined;
  return parsed?.isPossible() === true && parsed.number === text;
}

/** A number written for people is kept as it was sent, and then no carrier dials it. */
export function spellingWarning(phoneNumber: string): string | undefined {
  const parsed = phoneNumber.startsWith('+') ? parsePhoneNumberFromString(phoneNumber) : undefined;
  if (parsed === undefined || parsed.number === phoneNumber || !parsed.isPossible()) return undefined;
  return `phone_number was kept as it was sent; carriers dial ${parsed.number}.`;
}

/**
 * Checks the fields that were sent. Throws 422 for an agent or version that does not exist or is of the other
 * channel, and for a fallback number that has one itself; all faults at once.
 */
export async function checkNumberReferences(
  deps: ApiDeps,
  settings: PhoneNumberSettings,
  sent: ReadonlySet<string>,
  warn: (message: string) => void,
): Promise<void> {
  const faults: string[] = [];
  for (const [field, channel] of AGENT_LISTS) {
    if (!sent.has(field)) continue;
    for (const [index, agent] of (settings[field] ?? []).entries()) {
      const fault = await agentFault(deps, agent, channel);
      if (fault !== undefined) faults.push(`${field}[${index}]: ${fault}`);
    }
  }
  if (sent.has('fallback_number')) faults.push(...(await fallbackFaults(deps, settings)));
  if (faults.length > 0) throw badReference(faults.join(' '));
  const warning = fallbackNumberWarning(settings);
  if (warning !== undefined) warn(warning.message);
}

/** A change that locks the provider out of a number that was bought there, or that it cannot follow; undefined: none. */
export function providerWarning(settings: PhoneNumberSettings, sent: ReadonlySet<string>): string | undefined {
  const { phone_number_type: type, sip_inbound_username: username, sip_peers: peers } = settings;
  const touched = sent.has('sip_peers') || sent.has('sip_inbound_username');
  if (!touched || type === 'custom') return undefined;
  if (type === 'retell-telnyx' && username) {
    return 'Telnyx answers no digest challenge: with sip_inbound_username its calls to this number are turned away.';
  }
  if (type === 'retell-twilio' && peers) {
    return 'sip_peers counts for Twilio too: calls from its other addresses to this number are turned away.';
  }
  if (username || peers) return undefined;
  return 'Without sip_inbound_username and sip_peers this number takes calls from PICKUP_SIP_PEERS alone; where the provider is not among them its calls are turned away.';
}

async function agentFault(deps: ApiDeps, agent: WeightedAgent, channel: AgentChannel): Promise<string | undefined> {
  const latest = await deps.store.getAgent(agent.agent_id);
  if (latest === undefined) return `there is no agent ${agent.agent_id}.`;
  if (latest.channel !== channel) return `${agent.agent_id} is a ${latest.channel} agent, not a ${channel} agent.`;
  if (agent.agent_version === undefined) return undefined;
  const version = await deps.store.getAgent(agent.agent_id, agent.agent_version);
  return version === undefined ? `agent ${agent.agent_id} has no version ${agent.agent_version}.` : undefined;
}

async function fallbackFaults(deps: ApiDeps, { fallback_number: fallback }: PhoneNumberSettings): Promise<string[]> {
  if (!fallback) return [];
  const other = await deps.store.getNumber(fallback);
  if (other === undefined && !isNumber(fallback)) {
    return [`fallback_number: ${fallback} is neither a number here nor one in E.164 form such as +12137771234.`];
  }
  return other?.settings.fallback_number
    ? [`fallback_number: ${fallback} has a fallback_number of its own; chains are not followed.`]
    : [];
}
