import type { Buffer } from 'node:buffer';

/** Octets of an RTP header without contributing sources or extension (RFC 3550, 5.1). */
export const RTP_HEADER_BYTES = 12;

/** An RTP packet as read from the wire. `payload` is a view into the datagram. */
export interface RtpPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Uint8Array;
}

/** Fields of the header we write; none of the optional parts is used. */
export interface RtpHeader {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Reads a datagram as RTP version 2; anything else, RTCP included, is `undefined` (RFC 3550 A.1, RFC 5761, 4). */
export function parseRtp(datagram: Buffer): RtpPacket | undefined {
  if (datagram.length < RTP_HEADER_BYTES) return undefined;
  const first = datagram[0]!;
  const second = datagram[1]!;
  if (first >> 6 !== 2 || isRtcp(datagram)) return undefined;
  const start = rtpPayloadStart(datagram);
  const padding = (first & 0x20) !== 0 ? datagram[datagram.length - 1]! : 0;
  const end = datagram.length - padding;
  if (start === undefined || start > end || ((first & 0x20) !== 0 && padding === 0)) return undefined;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, end),
  };
}

/** Where the payload begins, behind contributing sources and extension; undefined where the packet is shorter. */
export function rtpPayloadStart(packet: Buffer): number | undefined {
  if (packet.length < RTP_HEADER_BYTES) return undefined;
  let start = RTP_HEADER_BYTES + (packet[0]! & 0x0f) * 4;
  if ((packet[0]! & 0x10) !== 0) {
    if (packet.length < start + 4) return undefined;
    start += 4 + packet.readUInt16BE(start + 2) * 4;
  }
  return start <= packet.length ? start : undefined;
}

/** Whether a datagram on a port shared by both is RTCP (RFC 5761 4). */
export function isRtcp(datagram: Buffer): boolean {
  const type = datagram[1] ?? 0;
  return type >= 192 && type <= 223;
}

/** Writes the 12 octets of a header at the start of `target`. */
export function writeRtpHeader(target: Buffer, header: RtpHeader): void {
  target[0] = 0x80;
  target[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  target.writeUInt16BE(header.sequence & 0xffff, 2);
  target.writeUInt32BE(header.timestamp >>> 0, 4);
  target.writeUInt32BE(header.ssrc >>> 0, 8);
}
