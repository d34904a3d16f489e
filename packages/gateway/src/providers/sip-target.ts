/** Where a provider finds this gateway's SIP. */
import { isIPv6 } from 'node:net';
import { type Config, isPublicAddress } from '../config/index.ts';

/** A host, a port and a transport that both are reached by. */
export interface SipTarget {
  readonly host: string;
  readonly port: number;
  /** TLS where this gateway speaks it, else TCP: an INVITE of a provider does not always fit into a UDP packet. */
  readonly transport: 'tls' | 'tcp';
}

/** A socket of SIP. */
interface Listener {
  readonly transport: string;
  readonly host: string;
  readonly port: number;
}

/** By the host that others are told, else by a public address that SIP listens on; undefined where there is neither. */
export function sipTargetOf(
  sip: Pick<Config['sip'], 'publicHost' | 'hosts' | 'port' | 'tls'>,
  listeners: readonly Listener[],
): SipTarget | undefined {
  const host = sip.publicHost ?? sip.hosts.find(isPublicAddress);
  if (host === undefined) return undefined;
  const transport = sip.tls === undefined ? 'tcp' : 'tls';
  const configured = sip.tls?.port ?? sip.port;
  // Port 0 is known once the socket is there.
  return { host, transport, port: listeners.find((one) => one.transport === transport)?.port ?? configured };
}

/** A SIP URI of a number here. */
export function sipUri(target: SipTarget, user: string): string {
  const host = isIPv6(target.host) ? `[${target.host}]` : target.host;
  return `sip:${user}@${host}:${target.port};transport=${target.transport}`;
}
