/**
 * The inbound as the outside sees it: outcomes, issues, attempts and the record.
 * Names are those of the wire (snake_case); rules are those of inbound.md.
 */

/** JSON as parsed: what may stand in a reply, in metadata, in settings. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What came in: a call or a text. */
export type Channel = 'call' | 'sms';

/** Where calls and texts enter. */
export type EdgeName = 'sip' | 'simulator' | 'twilio' | 'telnyx' | 'sip_message';

/** What became of an inbound (inbound.md G). */
export const OUTCOMES = [
  'connected',
  'declined',
  'no_agent',
  'webhook_failed',
  'invalid_override',
  'unknown_agent',
  'blocked_caller',
  'blocked_country',
  'concurrency_limit',
  'media_rejected',
  'agent_failed',
  'overloaded',
  'caller_abandoned',
  'interrupted',
  'opted_out',
  'unknown_number',
] as const;
/** One of `OUTCOMES`. */
export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes by which a caller is turned away. */
export type Refusal = Exclude<Outcome, 'connected' | 'caller_abandoned' | 'interrupted' | 'opted_out'>;

/** Whose an event was; an unknown one is the gateway's. */
export type Fault = 'caller' | 'endpoint' | 'carrier' | 'provider' | 'gateway';

/**
 * One thing found in a reply, an override or a session, with the place and the rule.
 * `pointer` is RFC 6901, from the root of the reply (`/call_inbound/agent_override/agent/voice_speed`).
 */
export interface Issue {
  readonly severity: 'error' | 'warning';
  readonly effect: 'refuses' | 'falls_back' | 'degraded' | 'not_applied' | 'ignored';
  /** Stable, snake_case: `out_of_range`, `wrong_type`, `unknown_field`, `not_honoured`… */
  readonly code: string;
  /** The rule of inbound.md it is about: `D4`, `E5`, `E10`… */
  readonly rule: string;
  readonly pointer: string;
  /** One English sentence that names the field and the rule. */
  readonly message: string;
  /** The values the rule allows, where they can be listed. */
  readonly allowed?: Json;
  /** What was sent, cut to a printable length. */
  readonly sent?: Json;
  /** The known name or value nearest to the one sent; the message has it too. */
  readonly nearest?: string;
}

/** Error classes of a failed attempt. Never branch on message text. */
export const ATTEMPT_ERRORS = [
  'timeout',
  'connect_error',
  'dns_error',
  'tls_error',
  'address_refused',
  'connection_reset',
  'incomplete_reply',
  'malformed_reply',
  'reply_too_large',
  'http_status',
  'redirect',
  'aborted',
  'internal_error',
] as const;
/** One of `ATTEMPT_ERRORS`. */
export type AttemptError = (typeof ATTEMPT_ERRORS)[number];

/** What a receiver that verifies may say of a signature it refused, in the header `x-pickup-verification` of its answer. */
export const VERIFICATION_FAULTS = [
  'missing_signature',
  'malformed_signature',
  'stale_timestamp',
  'body_changed',
  'wrong_key',
] as const;
/** One of `VERIFICATION_FAULTS`. */
export type VerificationFault = (typeof VERIFICATION_FAULTS)[number];

/** Milliseconds spent in each phase of an attempt; a phase that was not reached is absent. */
export interface AttemptPhases {
  readonly queue_ms?: number;
  readonly dns_ms?: number;
  readonly connect_ms?: number;
  readonly tls_ms?: number;
  readonly first_byte_ms?: number;
  readonly total_ms: number;
}

/** One try of the webhook as recorded (inbound.md H1). */
export interface AttemptRecord {
  /** From 1. */
  readonly attempt: number;
  /** Epoch ms. */
  readonly start_timestamp: number;
  readonly end_timestamp: number;
  readonly phases: AttemptPhases;
  readonly status?: number;
  readonly bytes?: number;
  /** A reused socket was reset before any reply byte and the request was sent once more (C5). */
  readonly resent?: true;
  readonly error?: AttemptError;
  readonly fault?: Fault;
  /** Public text: no internal address and no body in it. */
  readonly message?: string;
  /**
   * More exactly than `error`, and as stable: the code of a connection, name or TLS error (`ECONNREFUSED`, `ENOTFOUND`,
   * `DEPTH_ZERO_SELF_SIGNED_CERT`), the phase in which a time-out ended (`headers`, `body`…), or why an address was
   * refused (`not_public`, `own_port`). Absent where nothing more is known.
   */
  readonly reason?: string;
  /** Why the endpoint refused the signature, where it says so. */
  readonly verification?: VerificationFault;
  /** A simulated fault stood between Pickup and the endpoint (simulated calls and texts only). */
  readonly simulated?: true;
  /** `accepted`: a 2xx with a usable reply; `bad_reply`: a 2xx whose body is not; `late`: came after its deadline. */
  readonly verdict: 'accepted' | 'bad_reply' | 'failed' | 'aborted' | 'late';
}

/** One SIP message of a call, as the record shows it. */
export interface SipTraceLine {
  /** Epoch ms. */
  readonly timestamp: number;
  readonly direction: 'in' | 'out';
  readonly summary: string;
}

/** What `GET /get-inbound/{id}` returns. */
export interface InboundObject {
  readonly inbound_id: string;
  readonly channel: Channel;
  readonly edge: EdgeName;
  readonly from_number: string;
  readonly to_number: string;
  readonly arrival_timestamp: number;
  readonly outcome: Outcome | null;
  readonly outcome_timestamp?: number;
  readonly agent_id?: string;
  readonly agent_version?: number;
  readonly call_id?: string;
  readonly chat_id?: string;
  readonly attempts: readonly AttemptRecord[];
  /** The body of the first attempt as sent; kept, as `reply` is, as far as the agent's storage setting lets it. */
  readonly request?: Json;
  readonly reply?: Json;
  readonly issues: readonly Issue[];
  /** Ordered steps a person can read. */
  readonly decision: readonly string[];
  readonly settings?: JsonObject;
  readonly sip?: { readonly messages: readonly SipTraceLine[] };
}
