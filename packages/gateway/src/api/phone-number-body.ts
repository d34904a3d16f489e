/** A number as answered. */
import type { PhoneNumberSettings } from '@pickup/contract';
import parsePhoneNumber from 'libphonenumber-js/min';
import type { NumberRow } from '../stores/port.ts';

const KINDS = ['inbound', 'outbound', 'inbound_sms', 'outbound_sms'] as const;

/** The settings, without passwords, and what follows from them: the number as people write it, and older fields. */
export function numberBody({ settings }: NumberRow): Record<string, unknown> {
  const parsed = parsePhoneNumber(settings.phone_number);
  return {
    ...settings,
    ...singleAgents(settings),
    ...(parsed && { phone_number_pretty: parsed.formatNational() }),
    ...(parsed?.countryCallingCode === '1' && { area_code: Number(parsed.nationalNumber.slice(0, 3)) }),
  };
}

/** The fields by which SDKs before 5.36 know a number's agent; they have no word for several, nor for tags. */
function singleAgents(settings: PhoneNumberSettings): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const kind of KINDS) {
    const agents = settings[`${kind}_agents`] ?? [];
    const only = agents.length === 1 ? agents[0] : undefined;
    if (only === undefined) continue;
    fields[`${kind}_agent_id`] = only.agent_id;
    if (typeof only.agent_version === 'number') fields[`${kind}_agent_version`] = only.agent_version;
  }
  return fields;
}
