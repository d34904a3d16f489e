import { BlockList, isIP } from 'node:net';

/** An address and UDP port. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

/** Addresses that say nothing of where packets from behind a NAT come from (RFC 6890). */
const UNROUTED = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
] as const) {
  UNROUTED.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:db8::', 32],
] as const) {
  UNROUTED.addSubnet(network, bits, 'ipv6');
}

function isPublic(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !UNROUTED.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Half a second of audio. */
const INSISTENT_PACKETS = 25;

/**
 * Decides which packets belong to a call (symmetric RTP, restricted).
 *
 * Until something is latched, a packet from the SDP's address, any port, is taken; also the first source that sends
 * valid RTP: at once where the SDP's address or the source is not of the public internet (a NAT on their side or on
 * ours), or the SDP names a host; else after half a second of packets from nowhere but there, for carriers that send
 * from another address than they name. From then on only exactly that source is heard, and spoken to. One exception: a stranger that came first (a NAT, or somebody guessing ports) gives way, once,
 * to the SDP's address as soon as that speaks itself. Offer only packets that already passed as RTP of the agreed
 * payload types, so that a stray datagram cannot take the call.
 */
export class SourceLatch {
  readonly #signalled: Source;
  readonly #takesAnyone: boolean;
  #latched: Source | undefined;
  #isLocked = false;
  #stranger: (Source & { readonly packets: number }) | undefined;

  constructor(signalled: Source) {
    this.#signalled = signalled;
    this.#takesAnyone = !isPublic(signalled.address);
  }

  /** Whether a packet from `source` is the call's; latches on the first that is. */
  accepts(source: Source): boolean {
    const latched = this.#latched;
    const isSignalled = source.address === this.#signalled.address;
    if (latched !== undefined && source.port === latched.port && source.address === latched.address) {
      // Who was heard until the description changed need not insist anew.
      this.#isLocked = true;
      return true;
    }
    if (latched !== undefined && this.#isLocked) {
      const strangerLatched = latched.address !== this.#signalled.address;
      if (!strangerLatched || !isSignalled) return false;
    } else if (!isSignalled && !this.#takesAnyone && isPublic(source.address) && !this.#insists(source)) return false;
    this.move(source);
    return true;
  }

  /** Has this stranger sent so many packets in a row? */
  #insists({ address, port }: Source): boolean {
    const isSame = this.#stranger?.address === address && this.#stranger.port === port;
    const packets = isSame && this.#stranger ? this.#stranger.packets + 1 : 1;
    this.#stranger = { address, port, packets };
    return packets > INSISTENT_PACKETS;
  }

  /** Latches on a source that proved to be the peer: its packet was authentic, and the newest. */
  move(source: Source): void {
    this.#isLocked = true;
    if (source.port === this.#latched?.port && source.address === this.#latched.address) return;
    this.#latched = { address: source.address, port: source.port };
  }

  /** The peer described its audio anew: the next source is latched; until then it is spoken to where it was. */
  unlock(): void {
    this.#isLocked = false;
  }

  /** The source that is heard; `undefined` before the first packet. */
  get latched(): Source | undefined {
    return this.#latched;
  }

  /** Does the peer send from the very address and port its SDP names? */
  get isAsSignalled(): boolean {
    return this.#latched?.port === this.#signalled.port && this.#latched.address === this.#signalled.address;
  }

  /** Where to send: the latched source, before that the address of the SDP. */
  get destination(): Source {
    return this.#latched ?? this.#signalled;
  }
}
