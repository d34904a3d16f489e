import { isIP } from 'node:net';
import { hostPort } from '../message/index.ts';
import { advertisedHost, type PublicHost } from '../transport/address.ts';
import type { Destination, Transport, TransportKind } from '../transport/port.ts';

/** The listeners of a server, and what they are called towards peers. */
export class TransportSet {
  readonly #publicHost: PublicHost | undefined;
  readonly #transports: Transport[] = [];

  /** `publicHost` stands in place of the listeners' own addresses. */
  constructor(publicHost: PublicHost | undefined) {
    this.#publicHost = publicHost;
  }

  add(transport: Transport): void {
    this.#transports.push(transport);
  }

  /** The listener at that place, else one of the same host, else any of the kind. */
  find(kind: TransportKind, { host, port }: Transport['local']): Transport | undefined {
    const same = this.#transports.filter((transport) => transport.kind === kind);
    const near = same.filter(({ local }) => local.host === host);
    return near.find(({ local }) => local.port === port) ?? near[0] ?? same[0];
  }

  /** As `find`, among the listeners that reach the address: those of its family. */
  findToward(address: string, kind: TransportKind, local: Transport['local']): Transport | undefined {
    const found = this.find(kind, local);
    if (isIP(address) === 0 || !found || isIP(found.local.host) === isIP(address)) return found;
    return this.#transports.find((one) => one.kind === kind && isIP(one.local.host) === isIP(address));
  }

  /** `host:port` to show to that peer. */
  advertise(transport: Transport, peer: Destination): string {
    return hostPort(advertisedHost(transport, peer.address, this.#publicHost), transport.local.port);
  }

  /** The Contact for a dialog with that peer; `requestUri` decides over sips: (RFC 3261 12.1.1). */
  contact(transport: Transport, peer: Destination, requestUri: string): string {
    const place = this.advertise(transport, peer);
    const { kind } = transport;
    if (kind === 'tls' && requestUri.slice(0, 5).toLowerCase() === 'sips:') return `<sips:${place}>`;
    return kind === 'udp' ? `<sip:${place}>` : `<sip:${place};transport=${kind}>`;
  }
}
