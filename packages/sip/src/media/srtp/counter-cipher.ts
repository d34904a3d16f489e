import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { rtpPayloadStart } from '../rtp-packet.ts';
import { KeyStream, MOST_STREAM_BYTES } from './key-stream.ts';
import { ENCRYPTED, type PacketCipher, REPORT_HEAD_BYTES } from './packet-cipher.ts';
import type { SessionKeys } from './session-keys.ts';
import type { SuiteSizes } from './suite.ts';

const ROLLOVER_BYTES = 4;
const INDEX_BYTES = 4;

/** AES in counter mode with HMAC-SHA1 (RFC 3711 4.1.1, 4.2.1). */
export class CounterCipher implements PacketCipher {
  readonly #sizes: SuiteSizes;
  readonly #rtp: KeyStream;
  readonly #rtcp: KeyStream;
  readonly #rtpAuthentication: Buffer;
  readonly #rtcpAuthentication: Buffer;
  readonly #tag = Buffer.alloc(20);

  constructor(sizes: SuiteSizes, keys: { readonly rtp: SessionKeys; readonly rtcp: SessionKeys }) {
    this.#sizes = sizes;
    this.#rtp = new KeyStream(keys.rtp.encryption, keys.rtp.salt);
    this.#rtcp = new KeyStream(keys.rtcp.encryption, keys.rtcp.salt);
    this.#rtpAuthentication = keys.rtp.authentication;
    this.#rtcpAuthentication = keys.rtcp.authentication;
  }

  sealRtp(packet: Buffer, length: number, rollover: number): number {
    this.#applyRtp(packet, length, rollover);
    packet.writeUInt32BE(rollover, length);
    const mac = authenticate(this.#rtpAuthentication, packet, length + ROLLOVER_BYTES);
    mac.copy(packet, length, 0, this.#sizes.tag);
    return length + this.#sizes.tag;
  }

  openRtp(packet: Buffer, rollover: number): number | undefined {
    const { tag } = this.#sizes;
    const end = packet.length - tag;
    const start = rtpPayloadStart(packet);
    if (start === undefined || start > end || end - start > MOST_STREAM_BYTES) return undefined;
    packet.copy(this.#tag, 0, end);
    // The rollover counter is authenticated and not sent: it takes the place of the tag.
    packet.writeUInt32BE(rollover, end);
    if (!startsAlike(authenticate(this.#rtpAuthentication, packet, end + ROLLOVER_BYTES), this.#tag, tag)) {
      return undefined;
    }
    this.#applyRtp(packet, end, rollover);
    return end;
  }

  sealRtcp(packet: Buffer, length: number, index: number): number {
    this.#applyRtcp(packet, length, index);
    packet.writeUInt32BE((ENCRYPTED | index) >>> 0, length);
    const end = length + INDEX_BYTES;
    authenticate(this.#rtcpAuthentication, packet, end).copy(packet, end, 0, this.#sizes.reportTag);
    return end + this.#sizes.reportTag;
  }

  openRtcp(packet: Buffer): number | undefined {
    const index = this.rtcpIndex(packet);
    if (index === undefined) return undefined;
    const { reportTag } = this.#sizes;
    const end = packet.length - reportTag;
    packet.copy(this.#tag, 0, end);
    if (!startsAlike(authenticate(this.#rtcpAuthentication, packet, end), this.#tag, reportTag)) return undefined;
    this.#applyRtcp(packet, end - INDEX_BYTES, index);
    return end - INDEX_BYTES;
  }

  rtcpIndex(packet: Buffer): number | undefined {
    const at = packet.length - this.#sizes.reportTag - INDEX_BYTES;
    if (at < REPORT_HEAD_BYTES || at > MOST_STREAM_BYTES) return undefined;
    const word = packet.readUInt32BE(at);
    return word >= ENCRYPTED ? word - ENCRYPTED : undefined;
  }

  #applyRtp(packet: Buffer, end: number, rollover: number): void {
    const from = rtpPayloadStart(packet) ?? end;
    const place = { ssrc: packet.readInt32BE(8), high: rollover, low: packet.readUInt16BE(2) };
    this.#rtp.apply(packet, { from, to: end }, place);
  }

  #applyRtcp(packet: Buffer, end: number, index: number): void {
    const place = { ssrc: packet.readInt32BE(4), high: index >>> 16, low: index & 0xffff };
    this.#rtcp.apply(packet, { from: REPORT_HEAD_BYTES, to: end }, place);
  }
}

function authenticate(key: Buffer, packet: Buffer, length: number): Buffer {
  return createHmac('sha1', key).update(packet.subarray(0, length)).digest();
}

/** Takes as long whatever differs. */
function startsAlike(one: Buffer, other: Buffer, length: number): boolean {
  let difference = 0;
  for (let index = 0; index < length; index += 1) difference |= one[index]! ^ other[index]!;
  return difference === 0;
}
