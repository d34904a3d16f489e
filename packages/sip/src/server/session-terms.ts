import type { SessionTerms } from '../dialog/index.ts';
import {
  type HeaderInput,
  headerList,
  headerValue,
  paramValue,
  parseParams,
  type SipRequest,
} from '../message/index.ts';

/** The shortest session interval that is accepted, seconds (RFC 4028 5). */
export const minSessionSeconds = 90;

/** The Session-Expires of a peer that speaks session timers; undefined where there is none. */
function readInterval(request: SipRequest): { readonly seconds: number; readonly refresher?: string } | undefined {
  const value = headerValue(request, 'session-expires');
  const speaks = [...headerList(request, 'supported'), ...headerList(request, 'require')];
  if (value === undefined || !speaks.some((tag) => tag.toLowerCase() === 'timer')) return undefined;
  const semicolon = value.indexOf(';');
  const digits = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  if (!/^\d{1,9}$/.test(digits)) return undefined;
  const params = semicolon < 0 ? [] : (parseParams(value, semicolon) ?? []);
  const refresher = paramValue(params, 'refresher')?.toLowerCase();
  return { seconds: Number(digits), ...(refresher === undefined ? {} : { refresher }) };
}

/** Is the interval too short (a 422, RFC 4028 9)? */
export const isSessionTooShort = (request: SipRequest): boolean =>
  (readInterval(request)?.seconds ?? minSessionSeconds) < minSessionSeconds;

/**
 * The terms a request leads to (RFC 4028 9): the peer refreshes unless it asked us to. We do so by UPDATE; a peer that
 * takes none gets no session timer.
 */
export function sessionTerms(request: SipRequest): SessionTerms | undefined {
  const interval = readInterval(request);
  if (!interval) return undefined;
  const { seconds, refresher } = interval;
  if (refresher !== 'uas') return { seconds, refresher: 'peer' };
  const takesUpdate = headerList(request, 'allow').some((method) => method.toUpperCase() === 'UPDATE');
  return takesUpdate ? { seconds, refresher: 'us' } : undefined;
}

/** What a 2xx says of the terms. */
export function sessionHeaders(terms: SessionTerms | undefined): HeaderInput {
  if (!terms) return [];
  const refresher = terms.refresher === 'us' ? 'uas' : 'uac';
  return [
    ['Session-Expires', `${terms.seconds};refresher=${refresher}`],
    ['Require', 'timer'],
  ];
}
