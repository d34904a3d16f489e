import { header } from './header.ts';
import { reasonPhrase } from './reason-phrase.ts';
import type { SipHeader, SipRequest, SipResponse } from './types.ts';

/** Headers as callers write them: a list of name and value, so that names may repeat. */
export type HeaderInput = readonly (readonly [name: string, value: string])[];

interface BodyInput {
  readonly headers?: HeaderInput;
  /** Text is sent as UTF-8. */
  readonly body?: string | Uint8Array;
  /** Default `application/sdp`; only with a body. */
  readonly contentType?: string;
}

/** Builds a request from nothing; the caller gives every header, Via included. */
export function buildRequest(options: BodyInput & { readonly method: string; readonly uri: string }): SipRequest {
  const { method, uri } = options;
  const headers = (options.headers ?? []).map(([name, value]) => header(name, value));
  return { kind: 'request', method, uri, ...withBody(headers, options), charset: 'utf8' };
}

/**
 * Builds the response to a request: Via, From, To, Call-ID and CSeq are copied, `toTag` is added to a To without
 * tag, Record-Route is copied where a dialog may follow, Timestamp into a 100 (RFC 3261 8.2.6, 12.1.1).
 */
export function buildResponse(
  request: SipRequest,
  status: number,
  options: BodyInput & { readonly reason?: string; readonly toTag?: string } = {},
): SipResponse {
  const headers: SipHeader[] = [];
  const routed = status > 100 && status < 300 && request.method === 'INVITE';
  const seen = new Set<string>();
  for (const line of request.headers) {
    if ((status === 100 && line.key === 'timestamp') || line.key === 'via' || (routed && line.key === 'record-route'))
      headers.push(line);
    else if (copiedOnce.has(line.key) && !seen.has(line.key)) {
      seen.add(line.key);
      headers.push(line.key === 'to' ? withTag(line, options.toTag) : line);
    }
  }
  for (const [name, value] of options.headers ?? []) headers.push(header(name, value));
  const reason = options.reason ?? reasonPhrase(status);
  return { kind: 'response', status, reason, ...withBody(headers, options), charset: request.charset };
}

const copiedOnce = new Set(['from', 'to', 'call-id', 'cseq']);

function withTag(to: SipHeader, tag: string | undefined): SipHeader {
  if (tag === undefined) return to;
  // Header parameters come after the angle brackets; without brackets every parameter is one of the header.
  const value = to.value.slice(to.value.lastIndexOf('>') + 1).toLowerCase();
  const tagged = value.split(';').some((part) => part.split('=', 1)[0]?.trim() === 'tag');
  return tagged ? to : { ...to, value: `${to.value};tag=${tag}` };
}

function withBody(headers: SipHeader[], options: BodyInput): { headers: SipHeader[]; body: Uint8Array } {
  if (options.body === undefined || options.body.length === 0) return { headers, body: Buffer.alloc(0) };
  const body = typeof options.body === 'string' ? Buffer.from(options.body) : options.body;
  return { headers: [...headers, header('Content-Type', options.contentType ?? 'application/sdp')], body };
}
