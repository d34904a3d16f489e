/** The agents a number names, and the versions among them that are named by number. */
import type { PhoneNumberSettings } from '@pickup/contract';

const LISTS = ['inbound_agents', 'outbound_agents', 'inbound_sms_agents', 'outbound_sms_agents'] as const;

/** Every agent id once. */
export function agentsOf(settings: PhoneNumberSettings): ReadonlySet<string> {
  return new Set(LISTS.flatMap((list) => settings[list] ?? []).map(({ agent_id }) => agent_id));
}

/** Does the number name this very version? Tags and `latest` name none. */
export function namesVersion(settings: PhoneNumberSettings, agentId: string, version: number): boolean {
  const named = LISTS.flatMap((list) => settings[list] ?? []);
  return named.some((agent) => agent.agent_id === agentId && String(agent.agent_version) === String(version));
}

/** How many of those in the way of a deletion are named. */
export const MOST_USERS = 10;
