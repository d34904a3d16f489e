/** What can be said of a caller before anybody is asked (A4, A5), in the order of A5. */
import type { PhoneNumberSettings, Refusal } from '@pickup/contract';
import type { InboundFacts } from './facts.ts';

/** A refusal that needs no webhook, with the step that explains it; undefined lets the inbound go on. */
export function judgeAdmission(facts: InboundFacts): { readonly outcome: Refusal; readonly step: string } | undefined {
  if (facts.media === 'draining') return { outcome: 'overloaded', step: 'the gateway is stopping (H5)' };
  if (facts.entry.kind === 'nobody') {
    return { outcome: 'unknown_number', step: `${facts.to_number} is not a number of this gateway (A4)` };
  }
  if (facts.media === 'no_codec') {
    return { outcome: 'media_rejected', step: 'the offer has no codec we speak (PCMU, PCMA), so nobody is asked (A5)' };
  }
  if (facts.media === 'no_family') {
    const step =
      'the offer wants audio in an address family (IPv4, IPv6) that no SIP listener has, so nobody is asked (A5)';
    return { outcome: 'media_rejected', step };
  }
  if (facts.media === 'no_port') return { outcome: 'overloaded', step: 'no RTP port is free (A5)' };
  return facts.entry.kind === 'number' ? judgeCaller(facts, facts.entry.number) : undefined;
}

function judgeCaller(facts: InboundFacts, number: PhoneNumberSettings) {
  const blocked = number.blocked_callers?.find((rule) => matches(rule, facts.from_number));
  if (blocked !== undefined) {
    return { outcome: 'blocked_caller', step: `the caller matches blocked_callers "${blocked}" (A5)` } as const;
  }
  const allowed = number.allowed_callers;
  if (allowed && allowed.length > 0 && !allowed.some((rule) => matches(rule, facts.from_number))) {
    return { outcome: 'blocked_caller', step: 'the caller matches none of allowed_callers (A5)' } as const;
  }
  return judgeCountry(facts, number.allowed_inbound_country_list);
}

function judgeCountry(facts: InboundFacts, list: readonly string[] | null | undefined) {
  if (!list || list.length === 0) return undefined;
  if (facts.from_country !== undefined && list.includes(facts.from_country)) return undefined;
  const country = facts.from_country ?? 'an unknown country';
  return {
    outcome: 'blocked_country',
    step: `the caller is from ${country}; allowed_inbound_country_list is ${list.join(', ')} (A5)`,
  } as const;
}

/** A rule is a number, a prefix ending in `*`, or `anonymous`. */
function matches(rule: string, from: string): boolean {
  return rule.endsWith('*') ? from.startsWith(rule.slice(0, -1)) : rule === from;
}
