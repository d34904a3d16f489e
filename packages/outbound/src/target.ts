import { isIP } from 'node:net';

/** A URL taken apart once, as the requests to it need it. */
export interface Target {
  /** Scheme, host and port: requests with the same one share connections and a queue. */
  readonly origin: string;
  readonly secure: boolean;
  /** Name or address literal, without brackets and without the root dot. */
  readonly host: string;
  /** Whether `host` is an address literal. */
  readonly literal: boolean;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** Basic credentials of the userinfo. */
  readonly authorization?: string;
  /** The URL as parsed and written back. */
  readonly href: string;
}

/** Why a text is no URL that can be asked. */
export type TargetFault = 'invalid_url' | 'unsupported_scheme';

/**
 * Parses an http(s) URL. The WHATWG parser turns every spelling of an IPv4 address (2130706433, 0x7f.1, 0177.0.0.1,
 * 127.1) into dotted decimals, and refuses zone identifiers.
 */
export function parseTarget(text: string): Target | TargetFault {
  if (!URL.canParse(text)) return 'invalid_url';
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') return 'unsupported_scheme';
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '') return 'invalid_url';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  // Port 0 is no port; the system would refuse it much later and less clearly.
  if (port === 0) return 'invalid_url';
  const authorization = basic(url);
  return {
    origin: url.origin,
    secure,
    host,
    literal: isIP(host) !== 0,
    port,
    path: url.pathname + url.search,
    ...(authorization === undefined ? {} : { authorization }),
    href: url.href,
  };
}

function basic(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return `Basic ${Buffer.from(`${decode(url.username)}:${decode(url.password)}`).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign stands for itself.
    return text;
  }
}
