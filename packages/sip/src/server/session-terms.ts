import type { RefreshAnswer, SessionTerms } from '../dialog/index.ts';
import {
  type HeaderInput,
  headerList,
  headerValue,
  paramValue,
  parseParams,
  type SipMessage,
  type SipRequest,
} from '../message/index.ts';
import type { Final } from '../transaction/index.ts';

/** The shortest session interval that is accepted, seconds (RFC 4028 5). */
export const minSessionSeconds = 90;

interface Interval {
  readonly seconds: number;
  readonly refresher?: string;
}

/** The Session-Expires of a caller that speaks session timers; undefined where there is none. */
function readInterval(request: SipRequest): Interval | undefined {
  const speaks = [...headerList(request, 'supported'), ...headerList(request, 'require')];
  return speaks.some((tag) => tag.toLowerCase() === 'timer') ? parseInterval(request) : undefined;
}

function parseInterval(message: SipMessage): Interval | undefined {
  const value = headerValue(message, 'session-expires');
  if (value === undefined) return undefined;
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
 * The terms a request leads to (RFC 4028 9): the peer refreshes unless it asked us to. We do so by UPDATE where the
 * peer says it takes that, else by INVITE.
 */
export function sessionTerms(request: SipRequest): SessionTerms | undefined {
  const interval = readInterval(request);
  if (!interval) return undefined;
  const { seconds, refresher } = interval;
  if (refresher !== 'uas') return { seconds, refresher: 'peer' };
  const takesUpdate = headerList(request, 'allow').some((method) => method.toUpperCase() === 'UPDATE');
  return { seconds, refresher: 'us', method: takesUpdate ? 'UPDATE' : 'INVITE' };
}

/** What the answer to a refresh of ours says (RFC 4028 7.2 to 7.4). */
export function readRefreshAnswer({ status, response }: Final): RefreshAnswer {
  if (!response) return { status };
  const interval = status < 300 ? parseInterval(response) : undefined;
  const minSeconds = Number.parseInt(headerValue(response, 'min-se') ?? '', 10);
  const retryAfter = Number.parseInt(headerValue(response, 'retry-after') ?? '', 10);
  return {
    status,
    // An answer shorter than what may be asked for is not followed: the refresh would come too often.
    ...(interval && interval.seconds >= minSessionSeconds && { seconds: interval.seconds }),
    ...(interval && { refresher: interval.refresher === 'uas' ? ('peer' as const) : ('us' as const) }),
    ...(minSeconds > 0 && { minSeconds }),
    ...(retryAfter >= 0 && { retryAfterMs: retryAfter * 1_000 }),
  };
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
