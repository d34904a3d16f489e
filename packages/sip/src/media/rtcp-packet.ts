import { Buffer } from 'node:buffer';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const BLOCK_BYTES = 24;

/** How one stream arrived: a report block (RFC 3550, 6.4.1). */
export interface ReportBlock {
  /** Whose stream. */
  readonly ssrc: number;
  /** Of 256 packets expected since the report before, how many did not come. */
  readonly fractionLost: number;
  /** Of the whole stream; copies count against it, so it may be negative. */
  readonly lost: number;
  /** Highest sequence number, with the count of its wraps above. */
  readonly highest: number;
  /** In samples at 8 kHz. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time in the last sender report of that stream; 0 for none. */
  readonly lastReport: number;
  /** Since that report came, in 1/65,536 s. */
  readonly sinceLastReport: number;
}

/** What a sender says of itself (RFC 3550, 6.4.1). */
export interface SenderInfo {
  /** Of the same moment as `timestamp`, as epoch ms. */
  readonly wallMs: number;
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** A report of ours: a sender report with `sender`, else a receiver report; CNAME always, BYE at the end of the call. */
export interface Report {
  readonly ssrc: number;
  readonly sender: SenderInfo | undefined;
  readonly block: ReportBlock | undefined;
  /** At most 255 octets of ASCII. */
  readonly cname: string;
  readonly bye: boolean;
}

/** What a peer's compound packet says. */
export interface PeerReport {
  readonly ssrc: number;
  /** Middle 32 bits of its NTP time, where it is a sender report. */
  readonly ntpMiddle: number | undefined;
  /** What it says of the stream asked for. */
  readonly block: ReportBlock | undefined;
  readonly bye: boolean;
}

const NTP_EPOCH_S = 2_208_988_800;

/** NTP time of an epoch time in ms: seconds since 1900 and 1/2^32 s (RFC 3550, 4). */
export function ntpOf(wallMs: number): { readonly seconds: number; readonly fraction: number } {
  const seconds = Math.floor(wallMs / 1_000);
  const fraction = Math.floor(((wallMs - seconds * 1_000) / 1_000) * 2 ** 32);
  return { seconds: (seconds + NTP_EPOCH_S) >>> 0, fraction: fraction >>> 0 };
}

/** The middle 32 bits of an NTP time: 1/65,536 s, wrapping after 18 hours. */
export function ntpMiddleOf(wallMs: number): number {
  const { seconds, fraction } = ntpOf(wallMs);
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}

/** A compound RTCP packet (RFC 3550, 6.1). */
export function buildReport(report: Report): Buffer {
  const parts = [buildStatus(report), buildDescription(report.ssrc, report.cname)];
  if (report.bye) parts.push(startPacket(GOODBYE, 1, 8, report.ssrc));
  return Buffer.concat(parts);
}

/**
 * Reads a compound packet (RFC 3550, A.2), with the first block about stream `ssrc`; `undefined` where it is none. Of
 * several reports the first counts.
 */
export function parseReport(datagram: Buffer, ssrc: number): PeerReport | undefined {
  if (datagram.length < 8 || datagram[0]! >> 6 !== 2 || (datagram[0]! & 0x20) !== 0) return undefined;
  if (datagram[1] !== SENDER_REPORT && datagram[1] !== RECEIVER_REPORT) return undefined;
  const sender = datagram[1] === SENDER_REPORT;
  const firstEnd = packetEnd(datagram, 0);
  const blocksAt = sender ? 28 : 8;
  const blocks = datagram[0]! & 0x1f;
  if (firstEnd === undefined || firstEnd < blocksAt + blocks * BLOCK_BYTES) return undefined;
  let bye = false;
  for (let at = firstEnd; at < datagram.length; ) {
    const end = packetEnd(datagram, at);
    if (end === undefined) return undefined;
    if (datagram[at + 1] === GOODBYE) bye = true;
    at = end;
  }
  return {
    ssrc: datagram.readUInt32BE(4),
    ntpMiddle: sender ? datagram.readUInt32BE(10) : undefined,
    block: findBlock(datagram, ssrc, { at: blocksAt, count: blocks }),
    bye,
  };
}

function buildStatus({ ssrc, sender, block }: Report): Buffer {
  const head = sender === undefined ? 8 : 28;
  const type = sender === undefined ? RECEIVER_REPORT : SENDER_REPORT;
  const length = head + (block === undefined ? 0 : BLOCK_BYTES);
  const packet = startPacket(type, block === undefined ? 0 : 1, length, ssrc);
  if (sender !== undefined) {
    const { seconds, fraction } = ntpOf(sender.wallMs);
    const words = [seconds, fraction, sender.timestamp, sender.packets, sender.octets];
    for (const [index, word] of words.entries()) packet.writeUInt32BE(word >>> 0, 8 + index * 4);
  }
  if (block !== undefined) writeBlock(packet, head, block);
  return packet;
}

function writeBlock(packet: Buffer, at: number, block: ReportBlock): void {
  packet.writeUInt32BE(block.ssrc, at);
  packet[at + 4] = block.fractionLost;
  packet.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, block.lost)), at + 5, 3);
  packet.writeUInt32BE(block.highest >>> 0, at + 8);
  packet.writeUInt32BE(block.jitter >>> 0, at + 12);
  packet.writeUInt32BE(block.lastReport, at + 16);
  packet.writeUInt32BE(block.sinceLastReport >>> 0, at + 20);
}

function buildDescription(ssrc: number, cname: string): Buffer {
  // The list of items ends with a zero octet at least, and at a word (RFC 3550, 6.5).
  const length = 8 + Math.ceil((2 + cname.length + 1) / 4) * 4;
  const packet = startPacket(SOURCE_DESCRIPTION, 1, length, ssrc);
  packet[8] = 1;
  packet[9] = cname.length;
  packet.write(cname, 10, 'ascii');
  return packet;
}

function startPacket(type: number, count: number, length: number, ssrc: number): Buffer {
  const packet = Buffer.alloc(length);
  packet[0] = 0x80 | count;
  packet[1] = type;
  packet.writeUInt16BE(length / 4 - 1, 2);
  packet.writeUInt32BE(ssrc >>> 0, 4);
  return packet;
}

function packetEnd(datagram: Buffer, at: number): number | undefined {
  if (at + 4 > datagram.length || datagram[at]! >> 6 !== 2) return undefined;
  const end = at + (datagram.readUInt16BE(at + 2) + 1) * 4;
  return end <= datagram.length ? end : undefined;
}

function findBlock(
  datagram: Buffer,
  ssrc: number,
  blocks: { readonly at: number; readonly count: number },
): ReportBlock | undefined {
  for (let index = 0; index < blocks.count; index += 1) {
    const at = blocks.at + index * BLOCK_BYTES;
    if (datagram.readUInt32BE(at) !== ssrc) continue;
    return {
      ssrc,
      fractionLost: datagram[at + 4]!,
      lost: datagram.readIntBE(at + 5, 3),
      highest: datagram.readUInt32BE(at + 8),
      jitter: datagram.readUInt32BE(at + 12),
      lastReport: datagram.readUInt32BE(at + 16),
      sinceLastReport: datagram.readUInt32BE(at + 20),
    };
  }
  return undefined;
}
