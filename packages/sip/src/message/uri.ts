import { isHostName, isIpv6, isScheme, isUriParameter, isUserinfo, parseDigits } from './characters.ts';
import type { SipParam } from './params.ts';
import { serializeParams } from './params.ts';

/** A sip: or sips: URI (RFC 3261 19.1); escapes are kept as written. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user?: string;
  readonly password?: string;
  /** IPv6 addresses without brackets. */
  readonly host: string;
  readonly port?: number;
  readonly params: readonly SipParam[];
  /** What follows the `?`. */
  readonly headers?: string;
}

/** A tel: URI (RFC 3966). */
export interface TelUri {
  readonly scheme: 'tel';
  /** The number as written, visual separators included. */
  readonly number: string;
  readonly params: readonly SipParam[];
}

/** Any other URI: only the scheme is looked at (`scheme` is lower-case and never sip, sips or tel). */
export interface OtherUri {
  readonly scheme: string;
  readonly opaque: string;
}

/** Told apart by `scheme`. */
export type AnyUri = SipUri | TelUri | OtherUri;

/** Narrows to a sip: or sips: URI. */
export const isSipUri = (uri: AnyUri): uri is SipUri => 'host' in uri;
/** Narrows to a tel: URI. */
export const isTelUri = (uri: AnyUri): uri is TelUri => 'number' in uri;

/** Reads a URI without angle brackets; undefined where it is malformed. */
export function parseUri(text: string): AnyUri | undefined {
  const colon = text.indexOf(':');
  if (colon <= 0) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (!isScheme(scheme) || hasSpaceOrBracket(text)) return undefined;
  const rest = text.slice(colon + 1);
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(scheme, rest);
  if (scheme === 'tel') return parseTelUri(rest);
  return rest === '' ? undefined : { scheme, opaque: rest };
}

function hasSpaceOrBracket(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 34 || code === 60 || code === 62 || code === 127) return true;
  }
  return false;
}

function parseSipUri(scheme: 'sip' | 'sips', rest: string): SipUri | undefined {
  const at = rest.indexOf('@');
  const userinfo = at < 0 ? undefined : splitUserinfo(rest.slice(0, at));
  if (at >= 0 && !userinfo) return undefined;
  const tail = rest.slice(at + 1);
  const question = tail.indexOf('?');
  const beforeHeaders = question < 0 ? tail : tail.slice(0, question);
  const semicolon = beforeHeaders.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon));
  const params = semicolon < 0 ? [] : parseUriParams(beforeHeaders.slice(semicolon + 1));
  if (!hostPort || !params) return undefined;
  return {
    scheme,
    ...userinfo,
    ...hostPort,
    params,
    ...(question < 0 ? {} : { headers: tail.slice(question + 1) }),
  };
}

function splitUserinfo(text: string): { user: string; password?: string } | undefined {
  if (!isUserinfo(text)) return undefined;
  const colon = text.indexOf(':');
  if (colon < 0) return { user: text };
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Reads `host`, `host:port`, `[v6]` or `[v6]:port`; undefined where malformed. */
export function parseHostPort(text: string): { readonly host: string; readonly port?: number } | undefined {
  let host: string;
  let after: number;
  if (text.charCodeAt(0) === 91) {
    const close = text.indexOf(']');
    host = text.slice(1, close);
    if (close < 0 || !isIpv6(host)) return undefined;
    after = close + 1;
  } else {
    const colon = text.indexOf(':');
    after = colon < 0 ? text.length : colon;
    host = text.slice(0, after);
    if (!isHostName(host)) return undefined;
  }
  if (after === text.length) return { host };
  const port = text[after] === ':' ? parseDigits(text.slice(after + 1), 65_535) : undefined;
  return port === undefined || port === 0 ? undefined : { host, port };
}

function parseUriParams(text: string): readonly SipParam[] | undefined {
  const params: SipParam[] = [];
  for (const part of text.split(';', 101)) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? undefined : part.slice(equals + 1);
    if (!isUriParameter(name) || (value !== undefined && !isUriParameter(value))) return undefined;
    params.push(value === undefined ? { name } : { name, value });
  }
  return params.length > 100 ? undefined : params;
}

function parseTelUri(rest: string): TelUri | undefined {
  const semicolon = rest.indexOf(';');
  const number = semicolon < 0 ? rest : rest.slice(0, semicolon);
  const params = semicolon < 0 ? [] : parseUriParams(rest.slice(semicolon + 1));
  const digits = number.startsWith('+') ? number.slice(1) : number;
  if (!params || digits === '') return undefined;
  for (const character of digits) if (!'0123456789-.()*#abcdefABCDEF'.includes(character)) return undefined;
  return { scheme: 'tel', number, params };
}

/** A host as it stands in a URI or Via: IPv6 in brackets. */
export const bracketHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Writes a URI. */
export function serializeUri(uri: AnyUri): string {
  if (isTelUri(uri)) return `tel:${uri.number}${serializeParams(uri.params)}`;
  if (!isSipUri(uri)) return `${uri.scheme}:${uri.opaque}`;
  const password = uri.password === undefined ? '' : `:${uri.password}`;
  const userinfo = uri.user === undefined ? '' : `${uri.user}${password}@`;
  const port = uri.port === undefined ? '' : `:${uri.port}`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${userinfo}${bracketHost(uri.host)}${port}${serializeParams(uri.params)}${headers}`;
}

/** `192.0.2.1` of `::ffff:192.0.2.1`, an IPv4 host as a dual-stack one writes it; other hosts as they are. */
export const unmapAddress = (host: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1] ?? host;
