import { isIP } from 'node:net';
import type { AnyUri, Via } from '../message/index.ts';
import { isSipUri, paramValue, unmapAddress } from '../message/index.ts';
import type { Destination, Source, Transport, TransportKind } from './port.ts';
import { routeAddress, withoutZone } from './route-address.ts';

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

/** What peers are told in place of a listener's own address: always, or as it depends on the peer. */
export type PublicHost = string | ((peerAddress: string) => string | undefined);

/** The host to advertise in Contact and Via towards a peer. An address of the other family is never shown to it. */
export function advertisedHost(transport: Transport, peerAddress: string, publicHost: PublicHost | undefined): string {
  const { host } = transport.local;
  const given = typeof publicHost === 'function' ? publicHost(peerAddress) : publicHost;
  const isUsable = given !== undefined && (isIP(given) === 0 || isIP(given) === isIP(host));
  return isUsable ? given : ownAddress(host, peerAddress);
}

/** The address a socket bound to `host` is reached at: for a wildcard the one packets to the peer leave from. */
export function ownAddress(host: string, peerAddress: string): string {
  if (host !== '0.0.0.0' && host !== '::') return withoutZone(host);
  const isSameFamily = isIP(peerAddress) === isIP(host);
  if (isSameFamily && isLoopback(peerAddress)) return host === '::' ? '::1' : '127.0.0.1';
  // Where the peer is of the other family, any address that leads far serves: nothing is sent there.
  const towards = isSameFamily ? peerAddress : host === '::' ? '2001:db8::1' : '192.0.2.1';
  return routeAddress(towards) ?? (host === '::' ? '::1' : '127.0.0.1');
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
    host: unmapAddress(paramValue(uri.params, 'maddr') ?? uri.host),
    ...(uri.port === undefined ? {} : { port: uri.port }),
    ...(transport === undefined ? {} : { transport }),
  };
}

/** Is it an address, so that nothing need be resolved? */
export const isAddress = (host: string): boolean => isIP(host) !== 0;
