import { decodeDtmf } from './dtmf-event.ts';
import type { RtpPacket } from './rtp-packet.ts';

/** Without a packet for this long a digit whose end was lost is over: senders repeat at least each 50 ms. */
const ABANDONED_MS = 200;
/** An event this much older than the newest is a straggler; one older still is a sender that began its clock anew. */
const STRAGGLER_SAMPLES = 80_000;
/** A digit held longer goes on in another segment, whose timestamp is this much later (RFC 4733, 2.5.1.3). */
const SEGMENT_SAMPLES = 0xffff;

interface Event {
  readonly ssrc: number;
  readonly digit: string;
  /** Of the segment that came last. */
  timestamp: number;
  /** Samples of the segments before that one. */
  before: number;
  /** The longest duration told in this segment. */
  duration: number;
  lastAtMs: number;
  over: boolean;
}

/**
 * Reads the digits out of telephone events (RFC 4733). One event is many packets of one timestamp, the last of them
 * sent three times: it is told once, at its first end packet; or, where all of those are lost, when the next digit
 * comes or nothing came for 200 ms. Volume is ignored.
 */
export class DtmfReceiver {
  readonly #tell: (digit: string, durationMs: number) => void;
  #event: Event | undefined;

  constructor(tell: (digit: string, durationMs: number) => void) {
    this.#tell = tell;
  }

  /** Whether a digit is being held, as far as is known. */
  get active(): boolean {
    return this.#event !== undefined && !this.#event.over;
  }

  /** Takes a packet of the agreed payload type; what is no DTMF event is without effect. */
  receive(packet: RtpPacket, nowMs: number): void {
    const told = decodeDtmf(packet.payload);
    if (told === undefined) return;
    const event = this.#eventOf(packet, told.digit, nowMs);
    if (event === undefined || event.over) return;
    event.lastAtMs = nowMs;
    if (told.duration > event.duration) event.duration = told.duration;
    if (told.end) this.#end(event);
  }

  /** Ends a digit whose end packets were all lost. Call now and then. */
  expire(nowMs: number): void {
    const event = this.#event;
    if (event !== undefined && !event.over && nowMs - event.lastAtMs >= ABANDONED_MS) this.#end(event);
  }

  #eventOf(packet: RtpPacket, digit: string, nowMs: number): Event | undefined {
    const event = this.#event;
    if (event !== undefined && event.ssrc === packet.ssrc) {
      const ahead = (packet.timestamp - event.timestamp) | 0;
      if (ahead === 0) return event;
      if (ahead < 0 && ahead >= -STRAGGLER_SAMPLES) return undefined;
      if (ahead === SEGMENT_SAMPLES && event.digit === digit && !event.over) return nextSegment(event, packet);
    }
    if (event !== undefined && !event.over) this.#end(event);
    const { ssrc, timestamp } = packet;
    this.#event = { ssrc, digit, timestamp, before: 0, duration: 0, lastAtMs: nowMs, over: false };
    return this.#event;
  }

  #end(event: Event): void {
    event.over = true;
    this.#tell(event.digit, Math.round((event.before + event.duration) / 8));
  }
}

function nextSegment(event: Event, packet: RtpPacket): Event {
  event.before += SEGMENT_SAMPLES;
  event.timestamp = packet.timestamp;
  event.duration = 0;
  return event;
}
