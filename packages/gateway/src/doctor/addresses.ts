/** Where calls come in and what callers are told, held against the machine's own addresses. */
import { isIP } from 'node:net';
import { type Cidr, type Config, isLoopback, isPublicAddress, isWildcard, parseCidr } from '../config/index.ts';
import type { StoreInspection } from '../stores/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** What was looked up. */
export interface AddressFacts {
  /** Of the interfaces that are up. */
  readonly own: readonly string[];
  /** The names of the configuration with their addresses; an error's code where there are none. */
  readonly names: ReadonlyMap<string, readonly string[] | { readonly code: string }>;
}

type SipConfig = Pick<Config, 'sip' | 'rtp'>;

/** The configuration with the callers of numbers among its peers, since they have to reach the gateway too. */
export function withCallers(config: SipConfig, numbers: StoreInspection['numbers']): SipConfig {
  const texts = [...(numbers?.sip_peers ?? []), ...(numbers?.open_to_all ? ['0.0.0.0/0'] : [])];
  const more = texts.flatMap((text) => {
    const parsed = parseCidr(text);
    return parsed.ok ? [parsed.cidr] : [];
  });
  return { ...config, sip: { ...config.sip, peers: [...config.sip.peers, ...more] } };
}

/** The names that have to be looked up. */
export function namesToResolve({ sip, rtp }: SipConfig): readonly string[] {
  const hosts = [sip.publicHost, rtp.publicHost].filter((host) => host !== undefined && isIP(host) === 0);
  return [...new Set(hosts as string[])];
}

/** Listening, and being found. */
export function judgeAddresses(facts: AddressFacts, config: SipConfig): readonly Finding[] {
  const faults = [
    ...judgeListening(facts, config),
    ...judgeNames(facts, config),
    ...judgeNat(facts, config),
    ...judgeAudio(config),
  ];
  if (faults.length > 0) return faults;
  const hosts = config.sip.hosts.join(', ');
  if (config.sip.hosts.every(isLoopback)) return [ok(`SIP listens on ${hosts}: callers on this machine only`)];
  const told = config.sip.publicHost ?? hosts;
  return [ok(`SIP listens on ${hosts}; callers are told ${told}${behindNat(facts, config)}`)];
}

function judgeListening({ own }: AddressFacts, { sip }: SipConfig): readonly Finding[] {
  const foreign = sip.hosts.filter((host) => !isWildcard(host) && !isLoopback(host) && !own.includes(host));
  const found = foreign.map((host) =>
    fail(`PICKUP_SIP_HOST ${host} is no address of this machine`, `PICKUP_SIP_HOST=${outward(own) ?? '0.0.0.0'}`),
  );
  const far = sip.peers.filter((peer) => !isLoopback(peer.address));
  if (!sip.hosts.every(isLoopback) || far.length === 0) return found;
  const what = `SIP listens on ${sip.hosts.join(', ')}, where callers of ${listOf(far)} cannot reach it`;
  return [...found, warn(what, `PICKUP_SIP_HOST=${outward(own) ?? '<an address the peers reach>'}`)];
}

function judgeNames({ names }: AddressFacts, config: SipConfig): readonly Finding[] {
  return namesToResolve(config).flatMap((name) => {
    const found = names.get(name);
    if (found === undefined || !('code' in found)) return [];
    const setting = name === config.sip.publicHost ? 'PICKUP_SIP_PUBLIC_HOST' : 'PICKUP_RTP_PUBLIC_HOST';
    return fail(
      `${name} has no address (${found.code})`,
      `add the name to the DNS, or ${setting}=<the public address>`,
    );
  });
}

/** A private address in Contact is of no use to a peer on the internet. */
function judgeNat({ own }: AddressFacts, { sip }: SipConfig): readonly Finding[] {
  const publicPeers = publicPeersOf(sip);
  if (sip.publicHost !== undefined || publicPeers.length === 0) return [];
  const hidden = sip.hosts.filter((host) => !isLoopback(host) && !isWildcard(host) && !isPublicAddress(host));
  if (hidden.length === 0) return [];
  const what = `callers are told ${hidden.join(', ')}, which ${listOf(publicPeers)} cannot reach`;
  return [warn(what, `PICKUP_SIP_PUBLIC_HOST=${own.find(isPublicAddress) ?? '<the public address of the router>'}`)];
}

/** In SDP many carriers take only an address; and without one of its own, audio is told the socket's. */
function judgeAudio({ sip, rtp }: SipConfig): readonly Finding[] {
  const change = 'PICKUP_RTP_PUBLIC_HOST=<the public address>';
  if (rtp.publicHost !== undefined) {
    if (isIP(rtp.publicHost) !== 0) return [];
    return [warn(`for audio callers are told the name ${rtp.publicHost}; many take an address only`, change)];
  }
  const hidden = sip.hosts.filter((host) => !isLoopback(host) && !isPublicAddress(host));
  if (sip.publicHost === undefined || hidden.length === 0 || publicPeersOf(sip).length === 0) return [];
  return [warn(`callers are told ${sip.publicHost} for SIP, but ${hidden.join(', ')} for audio`, change)];
}

const publicPeersOf = ({ peers }: Config['sip']): readonly Cidr[] =>
  peers.filter((peer) => isPublicAddress(peer.address) || peer.prefix === 0);

function behindNat({ own, names }: AddressFacts, { sip, rtp }: SipConfig): string {
  const told = sip.publicHost;
  if (told === undefined) return '';
  const found = names.get(told);
  const addresses = isIP(told) !== 0 ? [told] : Array.isArray(found) ? (found as readonly string[]) : [];
  const shown = isIP(told) !== 0 ? '' : ` (${addresses.join(', ')})`;
  if (addresses.some((address) => own.includes(address))) return shown;
  const tls = sip.tls ? `, TCP ${sip.tls.port}` : '';
  const ports = `UDP and TCP ${sip.port}${tls}, UDP ${rtp.ports.first}-${rtp.ports.last}`;
  return `${shown}, no address of this machine: the router has to forward ${ports}`;
}

const outward = (own: readonly string[]): string | undefined =>
  own.find((address) => isIP(address) === 4 && !isLoopback(address));

const listOf = (cidrs: readonly Cidr[]): string =>
  cidrs.length > 3
    ? `${cidrs
        .slice(0, 3)
        .map((cidr) => cidr.text)
        .join(', ')} and ${cidrs.length - 3} more`
    : cidrs.map((cidr) => cidr.text).join(', ');
