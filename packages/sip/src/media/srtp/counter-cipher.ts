import type { Buffer } from 'node:buffer';
import { rtpPayloadStart } from '../rtp-packet.ts';
import { HmacSha1 } from './hmac-sha1.ts';
import { KeyStream, MOST_STREAM_BYTES } from './key-stream.ts';
import { ENCRYPTED, type PacketCipher, REPORT_HEAD_BYTES } from './packet-cipher.ts';
import type { SessionKeys } from './session-keys.ts';
import type { SuiteSizes } from './suite.ts';

const INDEX_BYTES = 4;
/** Behind a packet comes at most its index or rollover counter. */
const MOST_PACKET_BYTES = MOST_STREAM_BYTES;

/** AES in counter mode with HMAC-SHA1 (RFC 3711 4.1.1, 4.2.1). Packets of more than 2,048 octets are not opened. */
export class CounterCipher implements PacketCipher {
  readonly #sizes: SuiteSizes;
  readonly #rtp: KeyStream;
  readonly #rtcp: KeyStream;
  readonly #rtpCode: HmacSha1;
  readonly #rtcpCode: HmacSha1;

  constructor(sizes: SuiteSizes, keys: { readonly rtp: SessionKeys; readonly rtcp: SessionKeys }) {
    this.#sizes = sizes;
    this.#rtp = new KeyStream(keys.rtp.encryption, keys.rtp.salt);
    this.#rtcp = new KeyStream(keys.rtcp.encryption, keys.rtcp.salt);
    this.#rtpCode = new HmacSha1(keys.rtp.authentication, MOST_PACKET_BYTES + INDEX_BYTES);
    this.#rtcpCode = new HmacSha1(keys.rtcp.authentication, MOST_PACKET_BYTES + INDEX_BYTES);
  }

  sealRtp(packet: Buffer, length: number, rollover: number): number {
    this.#applyRtp(packet, length, rollover);
    this.#rtpCode.of(packet, length, rollover).copy(packet, length, 0, this.#sizes.tag);
    return length + this.#sizes.tag;
  }

  openRtp(packet: Buffer, rollover: number): number | undefined {
    const end = packet.length - this.#sizes.tag;
    const start = rtpPayloadStart(packet);
    if (start === undefined || start > end || end > MOST_PACKET_BYTES) return undefined;
    if (!endsWith(packet, this.#rtpCode.of(packet, end, rollover), this.#sizes.tag)) return undefined;
    this.#applyRtp(packet, end, rollover);
    return end;
  }

  sealRtcp(packet: Buffer, length: number, index: number): number {
    this.#applyRtcp(packet, length, index);
    const end = packet.writeUInt32BE((ENCRYPTED | index) >>> 0, length);
    this.#rtcpCode.of(packet, end).copy(packet, end, 0, this.#sizes.reportTag);
    return end + this.#sizes.reportTag;
  }

  openRtcp(packet: Buffer): number | undefined {
    const index = this.rtcpIndex(packet);
    if (index === undefined) return undefined;
    const end = packet.length - this.#sizes.reportTag;
    if (!endsWith(packet, this.#rtcpCode.of(packet, end), this.#sizes.reportTag)) return undefined;
    this.#applyRtcp(packet, end - INDEX_BYTES, index);
    return end - INDEX_BYTES;
  }

  rtcpIndex(packet: Buffer): number | undefined {
    const at = packet.length - this.#sizes.reportTag - INDEX_BYTES;
    if (at < REPORT_HEAD_BYTES || at > MOST_PACKET_BYTES) return undefined;
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

/** Whether the last `length` octets are the first of `code`; takes as long whatever differs. */
function endsWith(packet: Buffer, code: Buffer, length: number): boolean {
  const start = packet.length - length;
  let difference = 0;
  for (let index = 0; index < length; index += 1) difference |= packet[start + index]! ^ code[index]!;
  return difference === 0;
}
