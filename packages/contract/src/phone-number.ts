/** A number's settings: Retell's fields as stored, and our own (inbound.md A5, B4, C4, E6, G). */
import type { Refusal } from './inbound.ts';

/** Number, tag name, `latest` or `latest_published` (Retell's AgentVersionReference). */
export type AgentVersionReference = number | string;

/** One agent of a number; the weights of a list sum to 1 and one is drawn per call (A7). */
export interface WeightedAgent {
  readonly agent_id: string;
  readonly weight: number;
  readonly agent_version?: AgentVersionReference;
}

/** A number as stored. Null and absent both mean "not set", but where a field says otherwise. */
export interface PhoneNumberSettings {
  readonly phone_number: string;
  readonly phone_number_type: 'retell-twilio' | 'retell-telnyx' | 'custom';
  readonly nickname?: string | null;
  readonly inbound_agents?: readonly WeightedAgent[] | null;
  readonly outbound_agents?: readonly WeightedAgent[] | null;
  readonly inbound_sms_agents?: readonly WeightedAgent[] | null;
  readonly outbound_sms_agents?: readonly WeightedAgent[] | null;
  readonly inbound_webhook_url?: string | null;
  /** Never set: `inbound_webhook_url` serves texts too; null turns it off (A1). */
  readonly inbound_sms_webhook_url?: string | null;
  readonly allowed_inbound_country_list?: readonly string[] | null;
  readonly allowed_outbound_country_list?: readonly string[] | null;
  readonly fallback_number?: string | null;
  readonly sip_outbound_trunk_config?: {
    readonly termination_uri: string;
    readonly auth_username?: string;
    readonly transport?: 'TLS' | 'TCP' | 'UDP';
  };
  readonly last_modification_timestamp: number;

  // Ours. Absent means the default named.
  /** Whole ring time in ms, 1,000 to 120,000; default 45,000 (C4). */
  readonly ring_budget_ms?: number;
  /** `current` adds event_timestamp, call_id and custom_sip_headers to the payload (B4); default the gateway's. */
  readonly inbound_webhook_profile?: 'seed' | 'current';
  /** `ignore` connects without the faulty part (E6); default `refuse`. */
  readonly on_invalid_override?: 'refuse' | 'ignore';
  /** SIP code to use for an outcome instead of the table's, 400 to 699 (G). */
  readonly refusal_codes?: Readonly<Partial<Record<Refusal, number>>>;
  /** Callers turned away or let in: E.164, a prefix ending in `*`, or `anonymous` (A5). */
  readonly blocked_callers?: readonly string[];
  readonly allowed_callers?: readonly string[];
  /** The trunk follows a 302, so `fallback_number` can be used before the pickup (G); default false. */
  readonly redirects?: boolean;
  /** Send `X-Pickup-Outcome` with a refusal (G); default false. */
  readonly outcome_header?: boolean;
  /** Addresses or blocks (CIDR) this number may be called from over SIP; default `PICKUP_SIP_PEERS`. */
  readonly sip_peers?: readonly string[] | null;
  /** Callers over SIP show these digest credentials; the password is kept sealed, beside the settings. */
  readonly sip_inbound_username?: string | null;
}
