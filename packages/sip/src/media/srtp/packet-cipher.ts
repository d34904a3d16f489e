import type { Buffer } from 'node:buffer';

/**
 * Encrypts and authenticates the packets of one direction, in place. Knows nothing of which packets came before: the
 * rollover counter and the index are given to it.
 */
export interface PacketCipher {
  /** Seals the first `length` octets, an RTP packet; the buffer has room behind them. Returns the new length. */
  sealRtp(packet: Buffer, length: number, rollover: number): number;
  /** Opens an RTP packet; returns where its plain text ends, or undefined where it is not authentic. */
  openRtp(packet: Buffer, rollover: number): number | undefined;
  /** As `sealRtp`, for a compound RTCP packet under its 31-bit index. */
  sealRtcp(packet: Buffer, length: number, index: number): number;
  /** As `openRtp`; the index stands in the packet. */
  openRtcp(packet: Buffer): number | undefined;
  /** The index of an RTCP packet, not yet authenticated; undefined where it is too short or not encrypted. */
  rtcpIndex(packet: Buffer): number | undefined;
}

/** Octets of an RTCP packet that stay plain. */
export const REPORT_HEAD_BYTES = 8;
/** The E flag: this RTCP packet is encrypted. */
export const ENCRYPTED = 0x8000_0000;
