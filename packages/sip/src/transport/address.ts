import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { AnyUri, Via } from '../message/index.ts';
import { isSipUri, paramValue } from '../message/index.ts';
import type { Destination, Source, Transport, TransportKind } from './port.ts';

/** The port a host without one is reached at (RFC 3261 19.1.2). */
export const defaultPort = (kind: TransportKind): number => (kind === 'tls' ? 5061 : 5060);

/**
 * Where a response goes (RFC 3261 18.2.2). Over UDP to the packet's source address: to its source port with rport
 * (RFC 3581), else to the port of the Via. Over a stream to its connection, and where that is lost to a new one to
 * the source address at the Via's port. `maddr` is not followed: it would let a peer aim our answers elsewhere.
 */
export function responseDestination(via: Via | undefined, source: Source): Destination {
  const { address, port, transport } = source;
  const sentBy = via?.port ?? defaultPort(transport);
  if (transport !== 'udp')
    return { address, port, reconnect: { address, port: sentBy }, ...(via && { name: via.host }) };
  const toSource = !via || paramValue(via.params, 'rport') !== undefined;
  return { address, port: toSource ? port : sentBy };
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

/** Where a request to a URI goes, as far as the URI says. */
export interface UriTarget {
  readonly host: string;
  /** Absent where the transport's own applies. */
  readonly port?: number;
  /** Absent where the URI names none that is known here. */
  readonly transport?: TransportKind;
}

/** The target of a sip: or sips: URI; undefined for other URIs. */
export function uriTarget(uri: AnyUri | undefined): UriTarget | undefined {
  if (!uri || !isSipUri(uri)) return undefined;
  const named = paramValue(uri.params, 'transport')?.toLowerCase();
  const known = named === 'udp' || named === 'tcp' || named === 'tls' ? named : undefined;
  const transport = uri.scheme === 'sips' ? 'tls' : known;
  return {
    host: paramValue(uri.params, 'maddr') ?? uri.host,
    ...(uri.port === undefined ? {} : { port: uri.port }),
    ...(transport === undefined ? {} : { transport }),
  };
}

/** Is it an address, so that nothing need be resolved? */
export const isAddress = (host: string): boolean => isIP(host) !== 0;
