import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { AnyUri, Via } from '../message/index.ts';
import { isSipUri, paramValue } from '../message/index.ts';
import type { Destination, Source, Transport } from './port.ts';

/**
 * Where a response goes over UDP: to the packet's source address; to its source port with rport (RFC 3581), else
 * to the port of the Via (RFC 3261 18.2.2). `maddr` is not followed: it would let a peer aim our answers elsewhere.
 */
export function responseDestination(via: Via | undefined, source: Source): Destination {
  const toSource = !via || source.transport !== 'udp' || paramValue(via.params, 'rport') !== undefined;
  return { address: source.address, port: toSource ? source.port : (via.port ?? 5060) };
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** The host to advertise in Contact and Via towards a peer; a wildcard bind is replaced by an address of its own. */
export function advertisedHost(transport: Transport, peerAddress: string, publicHost: string | undefined): string {
  if (publicHost !== undefined) return publicHost;
  const { host } = transport.local;
  if (host !== '0.0.0.0' && host !== '::') return host;
  const family = host === '::' ? 'IPv6' : 'IPv4';
  if (isLoopback(peerAddress)) return family === 'IPv6' ? '::1' : '127.0.0.1';
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find((entry) => !entry.internal && entry.family === family)?.address ?? host;
}

/** The host and port of a sip: URI that a request would be sent to; undefined for other URIs. */
export function uriTarget(uri: AnyUri | undefined): { host: string; port: number } | undefined {
  if (!uri || !isSipUri(uri)) return undefined;
  return { host: paramValue(uri.params, 'maddr') ?? uri.host, port: uri.port ?? 5060 };
}

/** Is it an address, so that nothing need be resolved? */
export const isAddress = (host: string): boolean => isIP(host) !== 0;
