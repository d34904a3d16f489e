/** An address and UDP port. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

/**
 * Decides which packets belong to a call (symmetric RTP, restricted).
 *
 * Until something is latched, a packet from the SDP's address (any port) or else the first source that sends valid RTP
 * is taken; from then on only exactly that source is heard, and spoken to. One exception: a stranger that came first
 * (a NAT, or somebody guessing ports) gives way, once, to the SDP's address as soon as that speaks itself. Offer only
 * packets that already passed as RTP of the agreed payload types, so that a stray datagram cannot take the call.
 */
export class SourceLatch {
  readonly #signalled: Source;
  #latched: Source | undefined;

  constructor(signalled: Source) {
    this.#signalled = signalled;
  }

  /** Whether a packet from `source` is the call's; latches on the first that is. */
  accepts(source: Source): boolean {
    const latched = this.#latched;
    if (latched !== undefined) {
      if (source.port === latched.port && source.address === latched.address) return true;
      const strangerLatched = latched.address !== this.#signalled.address;
      if (!strangerLatched || source.address !== this.#signalled.address) return false;
    }
    this.#latched = { address: source.address, port: source.port };
    return true;
  }

  /** The source that is heard; `undefined` before the first packet. */
  get latched(): Source | undefined {
    return this.#latched;
  }

  /** Where to send: the latched source, before that the address of the SDP. */
  get destination(): Source {
    return this.#latched ?? this.#signalled;
  }
}
