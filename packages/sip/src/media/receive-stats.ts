import type { RtpPacket } from './rtp-packet.ts';

/** A larger step of the sequence is a new stream, not a loss. */
const MAX_STEP = 3_000;

/** What was received of a call (RFC 3550: lost A.3, jitter A.8). */
export interface ReceiveReport {
  readonly packetsReceived: number;
  /** Packets expected and not received; duplicates count against it, never below 0. */
  readonly lost: number;
  readonly jitterMs: number;
  /** The longest time between two received packets. */
  readonly maxGapMs: number;
}

/** The present stream, as RTCP reports it (RFC 3550, A.3). */
export interface StreamReport {
  readonly ssrc: number;
  /** Packets from the first to the highest sequence number. */
  readonly expected: number;
  /** Packets that came, copies included. */
  readonly received: number;
  /** Highest sequence number, with the count of its wraps above. */
  readonly highest: number;
  readonly jitterMs: number;
}

/** Counts the packets of one call's incoming stream. */
export class ReceiveStats {
  #received = 0;
  #lostBefore = 0;
  #streamReceived = 0;
  #ssrc: number | undefined;
  #first = 0;
  #highest = 0;
  #jitterMs = 0;
  #transitMs = 0;
  #lastAtMs: number | undefined;
  #maxGapMs = 0;

  /** Notes a packet that arrived at `nowMs`; the timestamps count 8 kHz. */
  note(packet: RtpPacket, nowMs: number): void {
    this.#received += 1;
    if (this.#lastAtMs !== undefined) this.#maxGapMs = Math.max(this.#maxGapMs, nowMs - this.#lastAtMs);
    this.#lastAtMs = nowMs;
    const step = ((packet.sequence - this.#highest) << 16) >> 16;
    if (packet.ssrc !== this.#ssrc || Math.abs(step) > MAX_STEP) {
      this.#begin(packet, nowMs);
      return;
    }
    this.#streamReceived += 1;
    if (step > 0) this.#highest += step;
    const transitMs = nowMs - packet.timestamp / 8;
    const changeMs = Math.abs(transitMs - this.#transitMs);
    this.#transitMs = transitMs;
    // A jump of the timestamp (its wrap, a pause) is not jitter.
    if (changeMs < 1_000) this.#jitterMs += (changeMs - this.#jitterMs) / 16;
  }

  /** The figures so far. */
  report(): ReceiveReport {
    return {
      packetsReceived: this.#received,
      lost: this.#lostBefore + this.#streamLost(),
      jitterMs: this.#jitterMs,
      maxGapMs: this.#maxGapMs,
    };
  }

  /** The stream heard last; `undefined` before the first packet. */
  stream(): StreamReport | undefined {
    if (this.#ssrc === undefined) return undefined;
    return {
      ssrc: this.#ssrc,
      expected: this.#highest - this.#first + 1,
      received: this.#streamReceived,
      highest: this.#highest,
      jitterMs: this.#jitterMs,
    };
  }

  #begin(packet: RtpPacket, nowMs: number): void {
    this.#lostBefore += this.#streamLost();
    this.#ssrc = packet.ssrc;
    this.#first = packet.sequence;
    this.#highest = packet.sequence;
    this.#streamReceived = 1;
    this.#transitMs = nowMs - packet.timestamp / 8;
  }

  #streamLost(): number {
    if (this.#ssrc === undefined) return 0;
    return Math.max(0, this.#highest - this.#first + 1 - this.#streamReceived);
  }
}
