/**
 * Where a call's audio is bound and what address the caller is told for it. The family is the offer's; the address is
 * that of the listener the INVITE came in by, or of another one of ours of that family.
 */
import { isIP, isIPv6 } from 'node:net';
import { type AudioPolicy, chooseAudio, type IncomingInvite, ownAddress } from '@pickup/sip';
import { type CidrSet, type Config, cidrSet, isLoopback, isWildcard } from '../../config/index.ts';

export type Family = 4 | 6;

/** The way a call came in, and where its audio is to go, as far as it said. */
export interface MediaWish {
  /** Where the INVITE came from. */
  readonly source: string;
  /** The address of the listener. */
  readonly listener: string;
  /** Of the offer; absent where there is none. */
  readonly remote?: { readonly family: Family; readonly address: string };
}

export interface MediaPlace {
  readonly family: Family;
  /** The address to bind. */
  readonly bind: string;
  /** For the SDP. */
  readonly shown: string;
}

/** Knows the addresses of this gateway, and which of them a peer is told. */
export class OwnAddresses {
  readonly #hosts: readonly string[];
  readonly #sipHost: string | undefined;
  readonly #rtpHost: string | undefined;
  readonly #localNets: CidrSet;

  constructor({ sip, rtp }: Pick<Config, 'sip' | 'rtp'>) {
    this.#hosts = listenerHosts(sip.hosts);
    this.#sipHost = sip.publicHost;
    this.#rtpHost = rtp.publicHost;
    this.#localNets = cidrSet(sip.localNets);
  }

  /** The addresses SIP listens on. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** For Contact and Via; undefined: the listener's own address. */
  readonly sipHostFor = (peer: string): string | undefined => (this.#isNear(peer) ? undefined : this.#sipHost);

  /** Can audio of that family be had at all? */
  has(family: Family): boolean {
    return this.#hosts.some((host) => familyOf(host) === family);
  }

  /** undefined where no address of ours has the offer's family. */
  place({ source, listener, remote }: MediaWish): MediaPlace | undefined {
    const family = remote?.family ?? familyOf(listener);
    const bind = familyOf(listener) === family ? listener : this.#hosts.find((host) => familyOf(host) === family);
    if (bind === undefined) return undefined;
    return { family, bind, shown: this.#shown(bind, source, addressIn(remote)) };
  }

  #shown(bind: string, source: string, remote: string | undefined): string {
    // Both have to be near: a proxy of ours may bring a call from afar, and a phone behind a NAT name an address of its own net.
    const isNear = this.#isNear(source) && (remote === undefined || this.#isNear(remote));
    const told = isNear ? undefined : this.#rtpHost;
    // A name says no family, and SDP has to: it stands for IPv4.
    const isOfFamily = told !== undefined && (isIPv6(told) ? 6 : 4) === familyOf(bind);
    return isOfFamily ? told : ownAddress(bind, remote ?? source);
  }

  #isNear(address: string): boolean {
    const plain = address.split('%')[0] ?? '';
    return isLoopback(plain) || this.#localNets.has(plain);
  }
}

/** What can be done with a call's offer: a place for its audio, or why there is none and what the caller is told of it. */
export type OfferVerdict =
  | { readonly media: 'usable'; readonly place: MediaPlace }
  | { readonly media: 'no_codec' | 'no_family'; readonly warning: string };

/** Judges the offer of an INVITE, before anything is opened for it (A5). */
export function placeOffer(
  own: OwnAddresses,
  { offer, source, local }: Pick<IncomingInvite, 'offer' | 'source' | 'local'>,
  policy: AudioPolicy,
): OfferVerdict {
  const way = { source: source.address, listener: local.host };
  const reachable = offer && { ...offer, audios: offer.audios.filter((stream) => own.has(stream.family)) };
  const choice = reachable && chooseAudio(reachable, policy);
  const place = offer && !choice ? undefined : own.place({ ...way, ...(choice && { remote: choice.stream }) });
  if (place) return { media: 'usable', place };
  if (offer && offer.audios.length > 0 && reachable?.audios.length === 0) {
    return { media: 'no_family', warning: '301 pickup "Incompatible network address formats"' };
  }
  const isPlainOnly = reachable && chooseAudio(reachable, { srtp: 'optional' });
  const warning = isPlainOnly
    ? '302 pickup "Incompatible transport protocol"'
    : '305 pickup "Incompatible media format"';
  return { media: 'no_codec', warning };
}

/** `::` takes IPv4 too, as everywhere on this kind of machine, unless an IPv4 address is listed beside it. */
export function listenerHosts(hosts: readonly string[]): readonly string[] {
  const hasIpv4 = hosts.some((host) => !isIPv6(host));
  return hosts.some((host) => isIPv6(host) && isWildcard(host)) && !hasIpv4 ? [...hosts, '0.0.0.0'] : hosts;
}

const familyOf = (host: string): Family => (isIPv6(host) ? 6 : 4);

/** The address audio goes to, where the offer has one: neither a name nor the zeros of an old hold. */
function addressIn(remote: MediaWish['remote']): string | undefined {
  if (!remote || isIP(remote.address) === 0 || isWildcard(remote.address)) return undefined;
  return remote.address;
}
