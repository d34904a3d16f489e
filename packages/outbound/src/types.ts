/** The vocabulary of outbound requests: what goes in, what comes back. */

/** Time as the caller keeps it; `ManualClock` of the testkit is one. */
export interface Clock {
  /** Never steps back; deadlines are counted on it. */
  monoMs(): number;
  /** Epoch ms, for stamps only. */
  wallMs(): number;
  /** Calls `fire` once after `delayMs`; the returned function cancels. */
  after(delayMs: number, fire: () => void): () => void;
}

/** Error classes of an attempt, named as in the record. Never branch on message text. */
export type AttemptError =
  | 'timeout'
  | 'connect_error'
  | 'dns_error'
  | 'tls_error'
  | 'address_refused'
  | 'connection_reset'
  | 'incomplete_reply'
  | 'malformed_reply'
  | 'aborted'
  | 'internal_error';

/** Whose an error was; an unknown one is the gateway's. */
export type Fault = 'caller' | 'endpoint' | 'gateway';

/** Milliseconds spent in each phase; a phase that was not reached, or not needed on a warm connection, is absent. */
export interface AttemptPhases {
  readonly queue_ms?: number;
  readonly dns_ms?: number;
  readonly connect_ms?: number;
  readonly tls_ms?: number;
  /** From the hand-over to a connection until the first reply byte, less the phases above. */
  readonly first_byte_ms?: number;
  readonly total_ms: number;
}

/** One request without a body, sent with GET. */
export interface OutboundGet {
  /** http or https; userinfo becomes `authorization: Basic`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The moment on the monotonic clock at which the request ends, in whatever phase it is (C1). */
  readonly deadlineMonoMs: number;
  /** Ends the request at once with `aborted` (C6). */
  readonly signal?: AbortSignal;
  /** The reply is cut here, counted after inflation. */
  readonly maxReplyBytes: number;
}

/** One request with a body. */
export interface OutboundRequest extends OutboundGet {
  /** Default POST. */
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body: Buffer | string;
}

interface Times {
  readonly phases: AttemptPhases;
  readonly startedMonoMs: number;
  readonly endedMonoMs: number;
  readonly startedWallMs: number;
  /** The start plus the monotonic duration, so that a step of the wall clock never shows as one. */
  readonly endedWallMs: number;
  /** A reused connection was reset before any reply byte and the request was sent once more (C5). */
  readonly resent: boolean;
}

/** A reply was received in time, of any status: redirects included, which are never followed (C7). */
export interface OutboundReply extends Times {
  readonly ok: true;
  readonly status: number;
  /** Lower-case names; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body was longer than `maxReplyBytes` and is cut there. */
  readonly truncated: boolean;
}

/** No complete reply. */
export interface OutboundFailure extends Times {
  readonly ok: false;
  readonly error: AttemptError;
  readonly fault: Fault;
  /** Public: holds no address, no host, nothing of a body. */
  readonly message: string;
  /** Private cause, for the operator's log. */
  readonly detail: string;
  /**
   * Stable, public, and more exact than `error`: `ECONNREFUSED`, `ENOTFOUND`, `DEPTH_ZERO_SELF_SIGNED_CERT`…; of a
   * time-out the stage it ended in (`queue`, `dns`, `connect`, `tls`, `sent`, `headers`, `body`); of a refused address
   * `not_public`, `own_port`, `invalid_url` or `unsupported_scheme`.
   */
  readonly reason?: string;
  /** The status, where headers had arrived. */
  readonly status?: number;
}

/** What became of a request; `ok` is true for any status. */
export type OutboundResult = OutboundReply | OutboundFailure;

/** A connection to an address that is not public was allowed. */
export interface AllowedAudit {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** `loopback`, or the CIDR of the allow-list that matched. */
  readonly rule: string;
}

/** The part of `node:dns/promises` `Resolver` that is used. */
export interface Resolver {
  resolve4(
    name: string,
    options: { ttl: true },
  ): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
  resolve6(
    name: string,
    options: { ttl: true },
  ): Promise<readonly { readonly address: string; readonly ttl: number }[]>;
}

/** What `checkUrl` says of a URL that somebody wants to save. */
export type UrlVerdict =
  | { readonly ok: true /** As the request will use it, normalised. */; readonly url: string }
  | {
      readonly ok: false;
      readonly code: 'invalid_url' | 'unsupported_scheme' | 'address_refused' | 'own_port';
      /** Public; where a setting would allow the URL it holds the exact line. */
      readonly message: string;
    };
