/** Where a provider finds this gateway's SIP. */
import { isIPv6 } from 'node:net';

/** A host, a port and a transport that both are reached by. */
export interface SipTarget {
  readonly host: string;
  readonly port: number;
  readonly transport: 'tls' | 'tcp';
}

/** A SIP URI of a number here. */
export function sipUri(target: SipTarget, user: string): string {
  const host = isIPv6(target.host) ? `[${target.host}]` : target.host;
  return `sip:${user}@${host}:${target.port};transport=${target.transport}`;
}
