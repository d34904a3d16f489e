import {
  type AnyUri,
  type HeaderInput,
  headerList,
  headerValue,
  isSipUri,
  parseUri,
  type SipRequest,
} from '../message/index.ts';
import { isSessionTooShort, minSessionSeconds } from './session-terms.ts';
import { textType } from './text-message.ts';

/** Methods that are served here, within a call too. MESSAGE is, outside of calls, where somebody takes texts. */
export const allowedMethods = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'UPDATE', 'INFO', 'PRACK'] as const;
/** Body types an INVITE or UPDATE may bring. */
export const acceptedTypes = ['application/sdp', 'multipart/mixed'] as const;
/** Extensions understood, for Supported and Require. */
export const supportedExtensions: readonly string[] = ['timer', '100rel'];

/** The Allow header of our responses. */
export const allowHeader: HeaderInput[number] = ['Allow', allowedMethods.join(', ')];
/** The Accept header of our responses. */
export const acceptHeader: HeaderInput[number] = ['Accept', acceptedTypes.join(', ')];
/** The Supported header of our responses. */
export const supportedHeader: HeaderInput[number] = ['Supported', supportedExtensions.join(', ')];

/** The Allow header of responses outside of calls. */
export const allowOutside = (takesMessages: boolean): HeaderInput[number] =>
  takesMessages ? ['Allow', [...allowedMethods, 'MESSAGE'].join(', ')] : allowHeader;
/** The Accept header of responses outside of calls. */
export const acceptOutside = (takesMessages: boolean): HeaderInput[number] =>
  takesMessages ? ['Accept', [...acceptedTypes, textType].join(', ')] : acceptHeader;

const otherMethods = new Set(['REGISTER', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'REFER', 'MESSAGE']);
/** No event package is served here. */
const badEvent: Refusal = { status: 489 };
const allowed: ReadonlySet<string> = new Set(allowedMethods);

/** A refusal the rules of a user agent server demand. */
export interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: HeaderInput;
}

/** The checks of RFC 3261 8.2.1 to 8.2.3 that need nothing but the request; undefined where it passes. */
function judgeRequest(request: SipRequest, isOutside = false, takesMessages = false): Refusal | undefined {
  const uri = parseUri(request.uri);
  if (!uri) return { status: 400, reason: 'Malformed Request-URI' };
  const allow = isOutside ? allowOutside(takesMessages) : allowHeader;
  const isTaken = isOutside && takesMessages && request.method === 'MESSAGE';
  return (
    (isTaken ? undefined : judgeMethod(request, allow)) ??
    judgeUri(uri) ??
    judgeRequire(request) ??
    judgeContent(request) ??
    judgeSession(request)
  );
}

/**
 * The rules for a request outside a dialog: also, a call or text whose hops are used up has gone in a circle
 * (RFC 3261 8.1.1.6), and a NOTIFY without subscription is 481 (RFC 6665 4.1.3).
 */
export function judgeFirstRequest(request: SipRequest, takesMessages: boolean): Refusal | undefined {
  if (request.method === 'NOTIFY') return { status: 481, reason: 'Subscription Does Not Exist' };
  const isSent = request.method === 'INVITE' || request.method === 'MESSAGE';
  const isLastHop = isSent && Number(headerValue(request, 'max-forwards')) === 0;
  return isLastHop ? { status: 483 } : judgeRequest(request, true, takesMessages);
}

/** The rules inside a dialog: also, nobody is transferred on a caller's wish, a REFER is declined (RFC 3515 2.4.2). */
export function judgeLaterRequest(request: SipRequest): Refusal | undefined {
  if (request.method === 'NOTIFY') return badEvent;
  if (request.method !== 'REFER') return judgeRequest(request);
  return headerValue(request, 'refer-to') === undefined ? { status: 400, reason: 'Missing Refer-To' } : { status: 603 };
}

function judgeMethod(request: SipRequest, allow: HeaderInput[number]): Refusal | undefined {
  const { method } = request;
  if (allowed.has(method)) return undefined;
  if (method === 'SUBSCRIBE') {
    return headerValue(request, 'event') === undefined ? { status: 400, reason: 'Missing Event' } : badEvent;
  }
  return { status: otherMethods.has(method) ? 405 : 501, headers: [allow] };
}

function judgeUri(uri: AnyUri): Refusal | undefined {
  if (isSipUri(uri)) {
    return uri.headers === undefined ? undefined : { status: 400, reason: 'Headers in Request-URI' };
  }
  return uri.scheme === 'tel' ? undefined : { status: 416 };
}

function judgeRequire(request: SipRequest): Refusal | undefined {
  const unknown = headerList(request, 'require').filter((tag) => !supportedExtensions.includes(tag.toLowerCase()));
  return unknown.length === 0 ? undefined : { status: 420, headers: [['Unsupported', unknown.join(', ')]] };
}

function judgeContent(request: SipRequest): Refusal | undefined {
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return undefined;
  const encodings = headerList(request, 'content-encoding').filter((coding) => coding.toLowerCase() !== 'identity');
  if (encodings.length > 0) return { status: 415, headers: [['Accept-Encoding', 'identity']] };
  const wanted = headerList(request, 'accept').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase());
  const takesSdp = ['application/sdp', 'application/*', '*/*'].some((range) => wanted.includes(range));
  return wanted.length > 0 && !takesSdp ? { status: 406 } : undefined;
}

function judgeSession(request: SipRequest): Refusal | undefined {
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return undefined;
  return isSessionTooShort(request) ? { status: 422, headers: [['Min-SE', String(minSessionSeconds)]] } : undefined;
}
