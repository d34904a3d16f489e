/**
 * A SIP message as plain data. Header values are kept as received (unfolded, trimmed, escapes untouched);
 * grammar is applied on demand by the parse functions beside this file.
 */

/** One header line. `key` is the lower-case long name (`v:` and `VIA:` are both `via`). */
export interface SipHeader {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

interface SipCommon {
  readonly headers: readonly SipHeader[];
  readonly body: Uint8Array;
  /** How the header bytes were read; `latin1` only where they were not UTF-8, so that echoes are byte-exact. */
  readonly charset: 'utf8' | 'latin1';
}

/** A request (RFC 3261 7.1). */
export interface SipRequest extends SipCommon {
  readonly kind: 'request';
  readonly method: string;
  /** The Request-URI as written. */
  readonly uri: string;
}

/** A response (RFC 3261 7.2). */
export interface SipResponse extends SipCommon {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

/** Told apart by `kind`. */
export type SipMessage = SipRequest | SipResponse;
