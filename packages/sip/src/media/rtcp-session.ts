import type { Buffer } from 'node:buffer';
import type { StreamReport } from './receive-stats.ts';
import { buildReport, ntpMiddleOf, parseReport, type ReportBlock, type SenderInfo } from './rtcp-packet.ts';
import type { Source } from './source-latch.ts';

/** Mean time between two reports (RFC 3550, 6.2); the first comes after half of it. */
const INTERVAL_MS = 5_000;
/** A longer round trip is a fault of the figures. */
const MOST_RTT_MS = 30_000;

/** What a session needs to report. */
export interface RtcpSessionOptions {
  readonly ssrc: number;
  /** Epoch ms less the monotonic clock. Stays as it is, so that a step of the wall clock is no round trip. */
  readonly wallOffsetMs: number;
  readonly random32: () => number;
  readonly send: (packet: Buffer, to: Source) => void;
}

/** The state of the call at the moment of a report. */
export interface RtcpMoment {
  readonly nowMs: number;
  /** The source the call is latched on; nothing is sent, and nothing heard, before there is one. */
  readonly peer: Source | undefined;
  /** Where the peer wants them: `mux`, on the port of its RTP; absent: on the port above that. */
  readonly reportsAt: Source | 'mux' | undefined;
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
  readonly stream: StreamReport | undefined;
}

/** What the peer told of our audio. */
export interface PeerHearing {
  /** Packets of ours it did not get. */
  readonly lost: number;
  /** Share lost between its last two reports, 0 to 1. */
  readonly recentLossShare: number;
  readonly jitterMs: number;
}

/**
 * One call's RTCP (RFC 3550, for two parties): a report about every 5 s, evenly spread from half to one and a half of
 * it, a BYE at the end. It goes to the latched address, or the one of a=rtcp where the peer is as its SDP says: to the
 * port the peer's reports come from, before those to the one signalled, else to the RTP port plus one.
 */
export class RtcpSession {
  readonly #options: RtcpSessionOptions;
  readonly #cname: string;
  #ssrc: number;
  #dueAtMs: number | undefined;
  #peer: Source | undefined;
  #peerPort: number | undefined;
  #packetsReported = 0;
  #before: StreamReport | undefined;
  #lastReport: { readonly ssrc: number; readonly ntpMiddle: number; readonly atMs: number } | undefined;
  /** Our last two sender reports, by the middle of their NTP time: only answers to these are believed. */
  #sent: readonly [number, number] = [0, 0];
  #hearing: PeerHearing | undefined;
  #rttMs: number | undefined;
  #reportsSent = 0;
  #reportsReceived = 0;

  constructor(options: RtcpSessionOptions) {
    this.#options = options;
    this.#ssrc = options.ssrc;
    // 96 random bits: says nothing of this machine (RFC 7022, 4.2).
    const { random32 } = options;
    this.#cname = [random32(), random32(), random32()].map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  get hearing(): PeerHearing | undefined {
    return this.#hearing;
  }

  /** Of the newest report that tells one, in ms. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  get reportsSent(): number {
    return this.#reportsSent;
  }

  get reportsReceived(): number {
    return this.#reportsReceived;
  }

  /** Our stream has another SSRC: what was said of the one before is void. */
  restart(ssrc: number): void {
    this.#ssrc = ssrc;
    this.#packetsReported = 0;
    this.#sent = [0, 0];
    this.#hearing = undefined;
  }

  /** Whether a report is due. */
  due(nowMs: number): boolean {
    this.#dueAtMs ??= nowMs + this.#interval() / 2;
    return nowMs >= this.#dueAtMs;
  }

  /** Sends a report, where there is somebody to send it to. With `bye` it is the last one. */
  report(moment: RtcpMoment, bye = false): void {
    this.#dueAtMs = moment.nowMs + this.#interval();
    const to = this.#destination(moment);
    if (to === undefined) return;
    const wallMs = moment.nowMs + this.#options.wallOffsetMs;
    const sender = moment.packets > this.#packetsReported ? senderInfo(moment, wallMs) : undefined;
    const ssrc = this.#ssrc;
    const block = moment.stream === undefined ? undefined : this.#block(moment.stream, moment.nowMs);
    this.#options.send(buildReport({ ssrc, sender, block, cname: this.#cname, bye }), to);
    this.#packetsReported = moment.packets;
    if (sender !== undefined) this.#sent = [ntpMiddleOf(wallMs), this.#sent[0]];
    this.#reportsSent += 1;
  }

  /** Takes a datagram that came to the RTCP port; `peer` is the latched source of the call. */
  receive(datagram: Buffer, from: Source, moment: Pick<RtcpMoment, 'nowMs' | 'peer' | 'reportsAt'>): void {
    const { nowMs, peer } = moment;
    if (peer === undefined || !this.isPeers(from, moment.reportsAt, peer)) return;
    const report = parseReport(datagram, this.#ssrc);
    if (report === undefined) return;
    this.#peerPort = from.port;
    this.#reportsReceived += 1;
    if (report.ntpMiddle !== undefined) {
      this.#lastReport = { ssrc: report.ssrc, ntpMiddle: report.ntpMiddle, atMs: nowMs };
    }
    if (report.block !== undefined) this.#hear(report.block, nowMs);
  }

  /** Whether reports from there are the peer's. */
  isPeers(from: Source, reportsAt: RtcpMoment['reportsAt'], peer: Source): boolean {
    this.#follow(peer);
    if (reportsAt === 'mux') return from.address === peer.address && from.port === peer.port;
    if (from.address !== (reportsAt ?? peer).address) return false;
    return this.#peerPort === undefined || from.port === this.#peerPort;
  }

  #hear(block: ReportBlock, nowMs: number): void {
    const { lost, fractionLost, jitter, lastReport, sinceLastReport } = block;
    this.#hearing = { lost: Math.max(0, lost), recentLossShare: fractionLost / 256, jitterMs: jitter / 8 };
    if (lastReport === 0 || !this.#sent.includes(lastReport)) return;
    const passed = (ntpMiddleOf(nowMs + this.#options.wallOffsetMs) - lastReport - sinceLastReport) | 0;
    const rttMs = (passed / 65_536) * 1_000;
    // Rounding on both sides may make a short one slightly negative.
    if (rttMs > -2 && rttMs <= MOST_RTT_MS) this.#rttMs = Math.max(0, rttMs);
  }

  #block(stream: StreamReport, nowMs: number): ReportBlock {
    const before = this.#before?.ssrc === stream.ssrc ? this.#before : undefined;
    const expected = stream.expected - (before?.expected ?? 0);
    const missing = expected - (stream.received - (before?.received ?? 0));
    const fractionLost = expected <= 0 || missing <= 0 ? 0 : Math.min(255, Math.floor((missing * 256) / expected));
    this.#before = stream;
    const last = this.#lastReport?.ssrc === stream.ssrc ? this.#lastReport : undefined;
    return {
      ssrc: stream.ssrc,
      fractionLost,
      lost: stream.expected - stream.received,
      highest: stream.highest,
      jitter: Math.round(stream.jitterMs * 8),
      lastReport: last?.ntpMiddle ?? 0,
      sinceLastReport: last === undefined ? 0 : Math.min(0xffff_ffff, Math.round((nowMs - last.atMs) * 65.536)),
    };
  }

  #destination({ peer, reportsAt }: RtcpMoment): Source | undefined {
    this.#follow(peer);
    if (peer === undefined || reportsAt === 'mux') return peer;
    const { address, port } = reportsAt ?? { address: peer.address, port: peer.port + 1 };
    return port <= 0xffff ? { address, port: this.#peerPort ?? port } : undefined;
  }

  /** Another latched source: what the one before it told of its port is void. */
  #follow(peer: Source | undefined): void {
    if (peer === undefined || (peer.address === this.#peer?.address && peer.port === this.#peer.port)) return;
    this.#peer = peer;
    this.#peerPort = undefined;
  }

  #interval(): number {
    return INTERVAL_MS * (0.5 + this.#options.random32() / 2 ** 32);
  }
}

function senderInfo(moment: RtcpMoment, wallMs: number): SenderInfo {
  return { wallMs, timestamp: moment.timestamp, packets: moment.packets, octets: moment.octets };
}
