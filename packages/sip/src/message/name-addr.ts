import { quotedEnd, skipSpace, trimSpace, unquote } from './characters.ts';
import type { SipParam } from './params.ts';
import { paramValue, parseParams, serializeParams } from './params.ts';

/** The value of From, To, Contact, Route, Record-Route, P-Asserted-Identity… */
export interface NameAddr {
  /** Display name, quotes and escapes undone; absent where there was none. */
  readonly display?: string;
  /** The URI as written, without angle brackets. */
  readonly uri: string;
  /** Header parameters (not those inside the angle brackets). */
  readonly params: readonly SipParam[];
}

/**
 * Reads one name-addr or addr-spec (RFC 3261 20.10). undefined for unbalanced quotes or brackets, empty
 * parameters, or a bare URI with `?` or `,`. Lenient: unquoted display names with any text, spaces inside <>.
 */
export function parseNameAddr(value: string): NameAddr | undefined {
  const start = skipSpace(value, 0);
  let display: string | undefined;
  let open = start;
  if (value.charCodeAt(start) === 34) {
    const end = quotedEnd(value, start);
    if (end < 0) return undefined;
    display = unquote(value.slice(start, end));
    open = skipSpace(value, end);
    if (value.charCodeAt(open) !== 60) return undefined;
  } else {
    open = value.indexOf('<', start);
    if (open < 0) return parseAddrSpec(value, start);
    const text = trimSpace(value.slice(start, open));
    if (text.includes('"')) return undefined;
    if (text !== '') display = text;
  }
  const close = value.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = trimSpace(value.slice(open + 1, close));
  const params = parseParams(value, close + 1);
  if (!params || !isPlausibleUri(uri)) return undefined;
  return display === undefined ? { uri, params } : { display, uri, params };
}

function parseAddrSpec(value: string, start: number): NameAddr | undefined {
  const semicolon = value.indexOf(';', start);
  const uri = trimSpace(semicolon < 0 ? value.slice(start) : value.slice(start, semicolon));
  const params = semicolon < 0 ? [] : parseParams(value, semicolon);
  if (!params || !isPlausibleUri(uri) || uri.includes('?') || uri.includes(',')) return undefined;
  return { uri, params };
}

function isPlausibleUri(uri: string): boolean {
  if (uri.indexOf(':') <= 0) return false;
  for (let i = 0; i < uri.length; i++) {
    const code = uri.charCodeAt(i);
    if (code <= 32 || code === 34 || code === 60 || code === 62) return false;
  }
  return true;
}

/** The tag parameter; undefined where there is none. */
export const tagOf = (address: NameAddr): string | undefined => paramValue(address.params, 'tag');

/** Writes a name-addr, always with angle brackets, the display name quoted. */
export function serializeNameAddr(address: NameAddr): string {
  const display =
    address.display === undefined ? '' : `"${address.display.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}" `;
  return `${display}<${address.uri}>${serializeParams(address.params)}`;
}
