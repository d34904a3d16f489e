/** Who calls whom, read from an INVITE (A0, E9). */
import {
  headerList,
  headerValue,
  headerValues,
  isSipUri,
  isTelUri,
  parseNameAddr,
  parseUri,
  type SipRequest,
} from '@pickup/sip';
import { isCustomHeader } from '../../runners/custom-headers.ts';
import { ANONYMOUS, isHidden, toE164 } from '../../runners/phone-digits.ts';

const REGISTERED = /^call_[\w-]+$/;
/** Longer than any number or name a carrier sends. */
const LONGEST_CALLER = 128;

/** The dialled user: of the Request-URI, or of To where that holds no number. */
export function dialledUser(request: SipRequest): string {
  const user = userOf(request.uri);
  if (user !== undefined && /^\+?[\d().-]{2,}$/.test(user)) return user;
  const to = parseNameAddr(headerValue(request, 'To') ?? '');
  const toUser = to && userOf(to.uri);
  return toUser !== undefined && /^\+?[\d().-]{2,}$/.test(toUser) ? toUser : (user ?? toUser ?? '');
}

/** The id a registered call is dialled by (A3). */
export function registeredId(request: SipRequest): string | undefined {
  const uri = parseUri(request.uri);
  const user = uri && isSipUri(uri) ? uri.user : undefined;
  return user !== undefined && REGISTERED.test(user) ? user : undefined;
}

/** The caller in E.164 where possible, or `anonymous`. P-Asserted-Identity counts from trusted peers only. */
export function callerNumber(
  request: SipRequest,
  options: { readonly trusted: boolean; readonly country: string },
): string {
  if (wantsPrivacy(request)) return ANONYMOUS;
  const asserted = options.trusted ? assertedUser(request) : undefined;
  const from = parseNameAddr(headerValue(request, 'From') ?? '');
  const user = asserted ?? (from && userOf(from.uri)) ?? '';
  if (isHidden(user)) return ANONYMOUS;
  return toE164(user, options.country) ?? namedCaller(user);
}

/** X-* and the four named headers, names lower-cased, repeated ones joined (E9). */
export function customHeaders(request: SipRequest): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name } of request.headers) {
    const lower = name.toLowerCase();
    if (!isCustomHeader(lower) || Object.hasOwn(found, lower)) continue;
    found[lower] = printable(headerValues(request, name).join(', '));
  }
  return found;
}

function wantsPrivacy(request: SipRequest): boolean {
  return headerList(request, 'Privacy')
    .flatMap((value) => value.split(';'))
    .some((value) => value.trim().toLowerCase() === 'id');
}

function assertedUser(request: SipRequest): string | undefined {
  for (const value of headerList(request, 'P-Asserted-Identity')) {
    const address = parseNameAddr(value);
    const user = address && userOf(address.uri);
    if (user) return user;
  }
  return undefined;
}

/** The user part of a sip: or sips: URI or the number of a tel: URI, without parameters of its own, escapes decoded. */
export function userOf(uri: string): string | undefined {
  const parsed = parseUri(uri);
  if (!parsed) return undefined;
  if (isTelUri(parsed)) return parsed.number;
  const bare = isSipUri(parsed) ? parsed.user?.split(';', 1)[0] : undefined;
  if (bare === undefined) return undefined;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}

/** A caller without a number: invisible characters out, so that nobody poses as another, and cut to a name's length. */
function namedCaller(user: string): string {
  const visible = user.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  const shown = visible.slice(0, LONGEST_CALLER).toWellFormed();
  return isHidden(shown) ? ANONYMOUS : shown;
}

/** Control characters out, and no longer than anybody's header. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, 2_048);
}
