import type { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import { DtmfReceiver } from './dtmf-receiver.ts';
import { encodeG711Into, type G711Law, g711Law } from './g711.ts';
import { JitterBuffer, NO_JITTER_REPORT } from './jitter-buffer.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { FRAME_MS, FRAME_SAMPLES } from './pacer.ts';
import { PlayQueue } from './play-queue.ts';
import type { FromWorker, PeerStats, RtpRemote, SessionStats } from './protocol.ts';
import { ReceiveStats } from './receive-stats.ts';
import { RtcpSession } from './rtcp-session.ts';
import { isRtcp, parseRtp, RTP_HEADER_BYTES, type RtpPacket } from './rtp-packet.ts';
import { type Source, SourceLatch } from './source-latch.ts';
import { SpeechDetector } from './speech-detector.ts';
import { Srtp } from './srtp/index.ts';
import { estimateMos } from './voice-quality.ts';

/** Comfort noise (RFC 3389): counts as silence. */
const COMFORT_NOISE = 13;
/** What a peer's jitter buffer is taken to hold. */
const PEER_BUFFER_MS = 40;
/** What is tapped while nothing plays. */
const SILENCE = new Int16Array(FRAME_SAMPLES);

/** What a session needs of the worker around it. */
export interface RtpSessionOptions {
  readonly session: number;
  readonly send: (packet: Buffer, to: Source) => void;
  /** Sends from the RTCP port; without effect where there is none. */
  readonly sendReport: (packet: Buffer, to: Source) => void;
  /** Epoch ms less the monotonic clock. */
  readonly wallOffsetMs: number;
  readonly emit: (message: FromWorker) => void;
  /** A random unsigned 32-bit number. */
  readonly random32: () => number;
}

interface Agreed {
  readonly remote: RtpRemote;
  readonly latch: SourceLatch;
  readonly law: G711Law;
  /** Absent: plain RTP. */
  readonly srtp: Srtp | undefined;
}

/** One call's audio in the worker: sends a packet per frame from `start` on, reads what comes, watches for silence. */
export class RtpSession {
  readonly #options: RtpSessionOptions;
  readonly #queue = new PlayQueue();
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  readonly #outgoing: OutgoingStream;
  readonly #received = new ReceiveStats();
  readonly #heardFrame = new Int16Array(FRAME_SAMPLES);
  readonly #dtmf: DtmfReceiver;
  readonly #rtcp: RtcpSession;
  #agreed: Agreed | undefined;
  #held = false;
  #packetsSent = 0;
  #lastSentAtMs: number | undefined;
  #maxSendGapMs = 0;
  #lastHeardAtMs = 0;
  #heard = false;
  #detector: SpeechDetector | undefined;
  /** The period of the first frame tapped. */
  #tappedFrom: number | undefined;
  #tapped = false;
  /** Packets dropped under keys that hold no more. */
  #rejectedBefore = 0;
  /** There once somebody listens. */
  #jitter: JitterBuffer | undefined;
  #cycle = 0;
  #beatMs = Number.POSITIVE_INFINITY;
  #noRtp: { readonly afterMs: number; fired: boolean }[] = [];

  constructor(options: RtpSessionOptions) {
    this.#options = options;
    const { emit, session } = options;
    this.#dtmf = new DtmfReceiver((digit, durationMs) => emit({ kind: 'digit', session, digit, durationMs }));
    const { wallOffsetMs, random32 } = options;
    this.#outgoing = new OutgoingStream(random32);
    const send = (packet: Buffer, to: Source) => this.#sendReport(packet, to);
    this.#rtcp = new RtcpSession({ ssrc: this.#outgoing.ssrc, wallOffsetMs, random32, send });
  }

  /**
   * Begins, or goes on with another description of the peer's (re-INVITE): whoever sends next is latched. Where address
   * and port stay, it is spoken to where it was until then.
   */
  start(remote: RtpRemote, nowMs: number): void {
    const before = this.#agreed;
    const same = before !== undefined && before.remote.address === remote.address && before.remote.port === remote.port;
    const latch = same ? before.latch : new SourceLatch({ address: remote.address, port: remote.port });
    if (same) latch.unlock();
    if (before === undefined) this.#lastHeardAtMs = nowMs;
    const srtp = this.#secure(remote, before?.srtp);
    this.#agreed = { remote, latch, law: g711Law(remote.payloadType), srtp };
  }

  #secure({ srtp: terms }: RtpRemote, before: Srtp | undefined): Srtp | undefined {
    const srtp = terms && new Srtp(terms, before);
    if (before !== undefined && before.receiver !== srtp?.receiver) this.#rejectedBefore += before.receiver.rejected;
    // A key of its own goes with a stream of its own: nobody has to guess its rollover counter.
    if (this.#agreed !== undefined && before?.sender !== srtp?.sender) {
      this.#outgoing.restart();
      this.#rtcp.restart(this.#outgoing.ssrc);
    }
    return srtp;
  }

  play(play: number, samples: Int16Array): void {
    this.#queue.push(play, samples);
  }

  flush(): void {
    this.#finish(this.#queue.clear());
  }

  /** While held nothing is sent, what is queued waits, and silence of the caller is no fault. */
  hold(held: boolean, nowMs: number): void {
    if (this.#held === held) return;
    this.#held = held;
    this.#outgoing.markNext();
    this.#lastSentAtMs = undefined;
    this.#lastHeardAtMs = nowMs;
  }

  watchSpeech(): void {
    this.#detector ??= new SpeechDetector();
    this.#jitter ??= new JitterBuffer();
  }

  watchNoRtp(afterMs: number): void {
    this.#noRtp.push({ afterMs, fired: false });
  }

  tap(): void {
    this.#tapped = true;
    this.#jitter ??= new JitterBuffer();
  }

  stats(): SessionStats {
    const jitter = this.#jitter?.report() ?? NO_JITTER_REPORT;
    const received = this.#received.report();
    const { rttMs } = this.#rtcp;
    const expected = received.packetsReceived + received.lost;
    const missing = received.lost + jitter.latePackets;
    const delayMs = FRAME_MS + jitter.bufferMs + (rttMs ?? 0) / 2;
    const agreed = this.#agreed;
    return {
      codec: agreed && (agreed.law.payloadType === 8 ? 'PCMA' : 'PCMU'),
      srtp: agreed?.srtp?.terms.suite,
      rejectedPackets: this.#rejectedBefore + (agreed?.srtp?.receiver.rejected ?? 0),
      packetsSent: this.#packetsSent,
      maxSendGapMs: this.#maxSendGapMs,
      ...received,
      ...jitter,
      reportsSent: this.#rtcp.reportsSent,
      reportsReceived: this.#rtcp.reportsReceived,
      rttMs,
      mos: expected === 0 ? undefined : estimateMos({ lossShare: missing / expected, delayMs }),
      peer: this.#peerStats(rttMs ?? 0),
    };
  }

  /** One 20 ms frame; `cycle` is the pacer's, so that a skipped period leaves its gap in the timestamps. */
  runFrame(cycle: number, nowMs: number): void {
    const agreed = this.#agreed;
    if (agreed === undefined) return;
    this.#watchSilence(nowMs);
    this.#dtmf.expire(nowMs);
    this.#cycle = cycle;
    this.#listen(cycle, nowMs);
    if (this.#rtcp.due(nowMs)) this.#report(agreed, nowMs);
    if (!this.#held) this.#sendFrame(agreed, cycle, nowMs);
  }

  /** A datagram that arrived at the session's port. */
  receive(datagram: Buffer, from: Source, nowMs: number): void {
    const agreed = this.#agreed;
    if (agreed === undefined) return;
    if (isRtcp(datagram)) {
      if (agreed.remote.rtcp === 'mux') this.receiveReport(datagram, from, nowMs);
      return;
    }
    const packet = this.#open(agreed, datagram, from);
    if (packet === undefined) return;
    this.#received.note(packet, nowMs);
    this.#lastHeardAtMs = nowMs;
    for (const watch of this.#noRtp) watch.fired = false;
    if (!this.#heard) {
      this.#heard = true;
      this.#options.emit({ kind: 'firstPacket', session: this.#options.session });
    }
    this.#sort(agreed, packet, nowMs);
  }

  /** A datagram that arrived at the session's RTCP port, or is RTCP by its looks. */
  receiveReport(datagram: Buffer, from: Source, nowMs: number): void {
    const agreed = this.#agreed;
    if (agreed === undefined) return;
    const peer = agreed.latch.latched;
    // A stranger's is not worth a look at its seal.
    if (peer === undefined || !this.#rtcp.isPeers(from, reportsAt(agreed), peer)) return;
    const report = agreed.srtp === undefined ? datagram : agreed.srtp.receiver.openReport(datagram);
    if (report !== undefined) this.#rtcp.receive(report, from, { nowMs, peer, reportsAt: reportsAt(agreed) });
  }

  /** The call's packet of a datagram; undefined where it is none. */
  #open({ remote, latch, srtp }: Agreed, datagram: Buffer, from: Source): RtpPacket | undefined {
    const opened = srtp?.open(datagram);
    const plain = srtp === undefined ? datagram : opened?.packet;
    const packet = plain && parseRtp(plain);
    if (packet === undefined || !expected(remote, packet)) return undefined;
    // What is authentic is the call's, from wherever it comes.
    if (opened === undefined) return latch.accepts(from) ? packet : undefined;
    if (opened.isNewest) latch.move(from);
    return packet;
  }

  /** Says goodbye to the peer. Call once, before the sockets close. */
  end(nowMs: number): void {
    if (this.#agreed !== undefined) this.#report(this.#agreed, nowMs, true);
  }

  #report(agreed: Agreed, nowMs: number, bye = false): void {
    const { packets } = this.#outgoing;
    const timestamp = this.#outgoing.timestampAt(this.#cycle);
    const octets = packets * FRAME_SAMPLES;
    const stream = this.#received.stream();
    const { latched: peer } = agreed.latch;
    this.#rtcp.report({ nowMs, peer, reportsAt: reportsAt(agreed), timestamp, packets, octets, stream }, bye);
  }

  #sendReport(report: Buffer, to: Source): void {
    const { send, sendReport } = this.#options;
    const sealed = this.#agreed?.srtp?.sender.sealReport(report) ?? report;
    if (this.#agreed?.remote.rtcp === 'mux') send(sealed, to);
    else sendReport(sealed, to);
  }

  #peerStats(rttMs: number): PeerStats | undefined {
    const { hearing } = this.#rtcp;
    if (hearing === undefined) return undefined;
    const lossShare = hearing.lost / Math.max(1, this.#outgoing.packets);
    return { ...hearing, mos: estimateMos({ lossShare, delayMs: FRAME_MS + PEER_BUFFER_MS + rttMs / 2 }) };
  }

  #sort(agreed: Agreed, packet: RtpPacket, nowMs: number): void {
    const type = packet.payloadType;
    if (type === agreed.remote.dtmfPayloadType) {
      this.#dtmf.receive(packet, nowMs);
      this.#jitter?.pause(packet);
    } else if (type === COMFORT_NOISE) this.#jitter?.pause(packet, packet.payload[0]);
    else this.#jitter?.push(packet, type === agreed.law.payloadType ? agreed.law : g711Law(type === 8 ? 8 : 0), nowMs);
  }

  /** Plays one frame of the caller to whoever listens, from the first packet on. */
  #listen(cycle: number, nowMs: number): void {
    const jitter = this.#jitter;
    if (jitter === undefined || !this.#heard) return;
    // The pacer's beat without its lateness: a late timer must not look like a long delay.
    this.#beatMs = Math.min(this.#beatMs, nowMs - cycle * FRAME_MS);
    jitter.pull(this.#heardFrame, this.#beatMs + cycle * FRAME_MS);
    this.#speech(this.#detector?.frame(this.#heardFrame));
    if (this.#tapped) this.#emitTap('in', this.#heardFrame);
  }

  #sendFrame(agreed: Agreed, cycle: number, nowMs: number): void {
    const to = agreed.latch.destination;
    const finished = this.#fill(agreed.law, this.#outgoing.next());
    if (sendable(to)) {
      this.#options.send(this.#outgoing.finish(agreed.law.payloadType, cycle, agreed.srtp?.sender), to);
      this.#packetsSent += 1;
      if (this.#lastSentAtMs !== undefined) {
        this.#maxSendGapMs = Math.max(this.#maxSendGapMs, nowMs - this.#lastSentAtMs);
      }
      this.#lastSentAtMs = nowMs;
    }
    if (finished.length > 0) this.#finish(finished);
  }

  #fill(law: G711Law, packet: Buffer): readonly number[] {
    if (this.#queue.empty) {
      packet.fill(law.silence, RTP_HEADER_BYTES, RTP_HEADER_BYTES + FRAME_SAMPLES);
      if (this.#tapped) this.#emitTap('out', SILENCE);
      return [];
    }
    const { filled, finished } = this.#queue.take(this.#frame);
    if (filled < FRAME_SAMPLES) this.#frame.fill(0, filled);
    encodeG711Into(law, this.#frame, packet, RTP_HEADER_BYTES);
    if (this.#tapped) this.#emitTap('out', this.#frame);
    return finished;
  }

  #watchSilence(nowMs: number): void {
    if (this.#held) return;
    const silentMs = nowMs - this.#lastHeardAtMs;
    for (const watch of this.#noRtp) {
      if (watch.fired || silentMs < watch.afterMs) continue;
      watch.fired = true;
      this.#options.emit({ kind: 'noRtp', session: this.#options.session, afterMs: watch.afterMs });
    }
  }

  #speech(speaking: boolean | undefined): void {
    if (speaking !== undefined) this.#options.emit({ kind: 'speech', session: this.#options.session, speaking });
  }

  // Posting copies, so the frame may be used again.
  #emitTap(direction: 'in' | 'out', samples: Int16Array): void {
    this.#tappedFrom ??= this.#cycle;
    const frame = this.#cycle - this.#tappedFrom;
    this.#options.emit({ kind: 'tapped', session: this.#options.session, direction, samples, frame });
  }

  #finish(plays: readonly number[]): void {
    if (plays.length > 0) this.#options.emit({ kind: 'played', session: this.#options.session, plays });
  }
}

function expected(remote: RtpRemote, packet: RtpPacket): boolean {
  // Both laws are always taken: phones that offered both may switch between them (RFC 3264, 5.1).
  const type = packet.payloadType;
  return type === 0 || type === 8 || type === COMFORT_NOISE || type === remote.dtmfPayloadType;
}

/** Where the peer wants its reports. */
function reportsAt({ remote, latch }: Agreed): Source | 'mux' | undefined {
  if (remote.rtcp === 'mux') return 'mux';
  // Of a peer behind a NAT the address in its SDP says nothing.
  return latch.isAsSignalled ? remote.rtcp : undefined;
}

function sendable(to: Source): boolean {
  return to.port > 0 && isIP(to.address) !== 0 && to.address !== '0.0.0.0' && to.address !== '::';
}
