import { isIPv6 } from 'node:net';
import { isToken, trimSpace } from './characters.ts';
import type { SipParam } from './params.ts';
import { paramValue, parseParams, serializeParams } from './params.ts';
import { bracketHost, parseHostPort } from './uri.ts';

/** One Via element (RFC 3261 20.42). */
export interface Via {
  /** Protocol version, `2.0` for SIP/2.0. */
  readonly version: string;
  /** As written: UDP, TCP, TLS, SCTP or something unknown. */
  readonly transport: string;
  readonly host: string;
  readonly port?: number;
  readonly params: readonly SipParam[];
}

/** What a branch begins with when it is unique (RFC 3261 8.1.1.7). */
export const branchCookie = 'z9hG4bK';

/** Reads one Via element; undefined where it is malformed. White space around the slashes is allowed. */
export function parseVia(value: string): Via | undefined {
  const semicolon = value.indexOf(';');
  const head = semicolon < 0 ? value : value.slice(0, semicolon);
  const first = head.indexOf('/');
  const second = head.indexOf('/', first + 1);
  if (first < 0 || second < 0 || trimSpace(head.slice(0, first)).toUpperCase() !== 'SIP') return undefined;
  const version = trimSpace(head.slice(first + 1, second));
  const sent = trimSpace(head.slice(second + 1)).replaceAll('\t', ' ');
  const space = sent.indexOf(' ');
  if (space < 0) return undefined;
  const transport = sent.slice(0, space);
  const hostPort = parseHostPort(sent.slice(space + 1).replaceAll(' ', ''));
  const params = semicolon < 0 ? [] : parseParams(value, semicolon);
  if (!hostPort || !params || !isToken(transport) || !isToken(version)) return undefined;
  return { version, transport, ...hostPort, params };
}

/** Writes a Via element. */
export function serializeVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/${via.version}/${via.transport} ${bracketHost(via.host)}${port}${serializeParams(via.params)}`;
}

/**
 * Adds what the server knows of the packet's source: `received` where it differs from sent-by or rport was asked,
 * and the value of `rport` (RFC 3261 18.2.1, RFC 3581 4).
 */
export function stampVia(via: Via, source: { readonly address: string; readonly port: number }): Via {
  const wantsRport = paramValue(via.params, 'rport') !== undefined;
  // A zone means nothing to the peer, and no Via has a place for it (RFC 4007 11.2, RFC 3261 25.1).
  const address = source.address.split('%')[0] ?? '';
  if (!wantsRport && isSameHost(via.host, address)) return via;
  const params: SipParam[] = via.params.filter((param) => {
    const name = param.name.toLowerCase();
    return name !== 'received' && name !== 'rport';
  });
  params.push({ name: 'received', value: address });
  if (wantsRport) params.push({ name: 'rport', value: String(source.port) });
  return { ...via, params };
}

/** Is it the same address, IPv6 in any of its spellings (RFC 5952)? */
const isSameHost = (host: string, address: string): boolean =>
  host === address || (isIPv6(host) && isIPv6(address) && canonical(host) === canonical(address));

const canonical = (address: string): string => new URL(`http://[${address}]`).hostname;
