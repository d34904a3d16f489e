import type { GatewayProcess } from '../../support/gateway.ts';

/** Where the gateway listens for a transport on an address, as its log says. Throws where it does not. */
export function listenerOf(
  gateway: Pick<GatewayProcess, 'logged'>,
  transport: 'udp' | 'tcp' | 'tls',
  host = '127.0.0.1',
): { readonly host: string; readonly port: number } {
  const addresses = gateway.logged('sip_listening')[0]?.['addresses'] as readonly string[];
  const place = `${transport}:${host.includes(':') ? `[${host}]` : host}:`;
  const found = addresses.find((address) => address.startsWith(place));
  if (found === undefined) throw new Error(`no ${place} among ${addresses.join(', ')}`);
  return { host, port: Number(found.slice(place.length)) };
}
