import { Buffer } from 'node:buffer';
import { CounterCipher } from './counter-cipher.ts';
import { GcmCipher } from './gcm-cipher.ts';
import type { PacketCipher } from './packet-cipher.ts';
import { deriveSessionKeys } from './session-keys.ts';
import { SrtpReceiver } from './srtp-receiver.ts';
import { SrtpSender } from './srtp-sender.ts';
import { SRTP_SUITES, type SrtpSuite } from './suite.ts';

/** The keys of a call's audio, as the two descriptions gave them (RFC 4568). */
export interface SrtpTerms {
  readonly suite: SrtpSuite;
  /** Ours: master key and salt joined, in base64. */
  readonly send: string;
  /** The peer's. */
  readonly receive: string;
}

/** The cipher of a master key and salt, joined in base64. Throws where they are not of the suite's length. */
export function createPacketCipher(suite: SrtpSuite, master: string): PacketCipher {
  const bytes = Buffer.from(master, 'base64');
  const keys = { rtp: deriveSessionKeys(suite, bytes, 'rtp'), rtcp: deriveSessionKeys(suite, bytes, 'rtcp') };
  const sizes = SRTP_SUITES[suite];
  return sizes.kind === 'gcm' ? new GcmCipher(keys) : new CounterCipher(sizes, keys);
}

/** An RTP packet that proved authentic. */
export interface OpenedPacket {
  readonly packet: Buffer;
  /** It is later than all before it. */
  readonly isNewest: boolean;
}

/** Both directions of a call's SRTP and SRTCP (RFC 3711). */
export class Srtp {
  readonly terms: SrtpTerms;
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
  /** Of the key before: what was on its way when the keys changed is still under it. */
  #former: SrtpReceiver | undefined;

  /** `before`: what held until now; a direction whose key stays goes on where it is. */
  constructor(terms: SrtpTerms, before?: Srtp) {
    const held = before?.terms.suite === terms.suite ? before : undefined;
    this.terms = terms;
    this.sender =
      held?.terms.send === terms.send ? held.sender : new SrtpSender(createPacketCipher(terms.suite, terms.send));
    this.receiver =
      held?.terms.receive === terms.receive
        ? held.receiver
        : new SrtpReceiver(createPacketCipher(terms.suite, terms.receive));
    if (before !== undefined && before.receiver !== this.receiver) this.#former = before.receiver;
  }

  /** As the receiver's, for packets under the former key too, until the first one under the present. */
  open(datagram: Buffer): OpenedPacket | undefined {
    const late = this.#former?.open(datagram);
    if (late !== undefined) return { packet: late, isNewest: this.#former?.isNewest === true };
    const packet = this.receiver.open(datagram);
    if (packet === undefined) return undefined;
    this.#former = undefined;
    return { packet, isNewest: this.receiver.isNewest };
  }
}
