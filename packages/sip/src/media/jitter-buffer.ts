/**
 * The playout of one call's incoming audio: packets go in as they come, 20 ms frames come out on the pacer's beat.
 *
 * Samples are placed by the media time of their packet, so order and packet length do not matter, and copies fall on
 * what is there. The head moves on with our clock; whatever is missing when it comes by is concealed. How far it stays
 * behind the packets follows their jitter (`DelayEstimate`); it is moved in pauses of the speech first, within speech
 * only when it is far off, by single pitch periods. The same control takes up the drift between the two clocks.
 */
import { AHEAD_SAMPLES, Concealer, FADE_SAMPLES } from './concealer.ts';
import { DelayEstimate } from './delay-estimate.ts';
import type { G711Law } from './g711.ts';
import { FRAME_MS } from './pacer.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { SampleRing } from './sample-ring.ts';

/** Longest packet that is taken: 200 ms. */
const MOST_PACKET = 1_600;
/** So many packets in a row out of reach are a sender whose clock jumped, not stragglers. */
const STRAYS = 5;
/** Below this level (root mean square, -46 dB) nobody hears a change of the delay. */
const QUIET = 164;
/** In pauses the delay may be this much too long or too short. */
const PAUSE_OVER_MS = 15;
const PAUSE_UNDER_MS = 5;
/** In speech. */
const SPEECH_OVER_MS = 30;
const SPEECH_UNDER_MS = 10;
/** At most this much is cut from or added to a quiet frame. */
const PAUSE_STEP = 80;
/** Frames between two changes within speech. */
const SPEECH_EVERY = 5;
/** A delay this much too long, after a standstill of ours, is cut at once: step by step it would last for seconds. */
const JUMP_MS = 100;

/** Figures of the playout. */
export interface JitterReport {
  /** Time filled in for lost or late audio; of each gap at most 60 ms, what is missing longer being silence. */
  readonly concealedMs: number;
  /** Packets whose time to be played had passed. */
  readonly latePackets: number;
  /** Packets not used: copies, too long ones, those beyond the buffer. */
  readonly discardedPackets: number;
  /** How long a packet as fast as the fastest waits until it is played, now. */
  readonly bufferMs: number;
}

/** What was figured where nobody listened. */
export const NO_JITTER_REPORT: JitterReport = { concealedMs: 0, latePackets: 0, discardedPackets: 0, bufferMs: 0 };

/** See the head of this file. Pure: time comes with the packets and the frames, on one monotonic clock in ms. */
export class JitterBuffer {
  readonly #ring = new SampleRing();
  readonly #delay = new DelayEstimate();
  readonly #concealer = new Concealer();
  readonly #ahead = new Int16Array(AHEAD_SAMPLES);
  #ssrc: number | undefined;
  #newest = 0;
  /** Where the newest packet ends. */
  #newestEnd = 0;
  /** Concealed beyond that: of loss or of silence, the next packet will tell. */
  #unproven = 0;
  #strays = 0;
  #tickMs: number | undefined;
  #delayMs = 0;
  #sinceChange = 0;
  #quietFrom = Number.POSITIVE_INFINITY;
  #quietTo = Number.POSITIVE_INFINITY;
  #concealed = 0;
  #late = 0;
  #discarded = 0;

  /** Takes an audio packet that came at `nowMs`. */
  push(packet: RtpPacket, law: G711Law, nowMs: number): void {
    const length = packet.payload.length;
    if (length === 0 || length > MOST_PACKET) {
      this.#discarded += 1;
      return;
    }
    const place = this.#place(packet, nowMs);
    if (place === undefined) return;
    this.#strays = 0;
    const { head } = this.#ring;
    const cut = Math.max(0, head - place);
    if (this.#ring.has(place + cut)) {
      this.#discarded += 1;
      return;
    }
    this.#ring.write(place + cut, cut === 0 ? packet.payload : packet.payload.subarray(cut), law.decodeTable);
    if (place > this.#quietFrom && place < this.#quietTo) this.#quietTo = place;
  }

  /** Takes a packet that says that the peer sends no audio from its time on: comfort noise (RFC 3389), a key. */
  pause(packet: RtpPacket, noiseDb?: number): void {
    if (packet.ssrc !== this.#ssrc) return;
    if (noiseDb !== undefined) this.#concealer.setNoise(noiseDb);
    const place = this.#ring.head + ((packet.timestamp - this.#ring.head) | 0);
    if (((packet.sequence - this.#newest) << 16) >> 16 > 0) {
      this.#newest = packet.sequence;
      this.#newestEnd = Math.max(this.#newestEnd, place);
    }
    if (this.#quietTo === Number.POSITIVE_INFINITY && place >= this.#quietFrom) return;
    this.#quietFrom = place;
    this.#quietTo = Number.POSITIVE_INFINITY;
  }

  /** Writes the next 20 ms; `tickMs` is when they are due, a beat and not a measurement. */
  pull(frame: Int16Array, tickMs: number): void {
    this.#tickMs = tickMs;
    if (this.#ssrc === undefined) return this.#concealer.rest(frame, 0, frame.length);
    this.#sinceChange += 1;
    this.#delayMs = tickMs - this.#ring.head / 8 - this.#delay.baseMs;
    let overMs = this.#delayMs - this.#delay.targetMs;
    if (overMs > JUMP_MS) {
      this.#ring.skip(Math.round(overMs * 8));
      overMs = 0;
    }
    const missing = this.#ring.run(false, frame.length);
    if (missing > 0) this.#play(frame, this.#moveInGap(frame, overMs, missing));
    else if (!this.#playScaled(frame, overMs)) this.#play(frame, 0);
  }

  /** The figures so far. */
  report(): JitterReport {
    return {
      concealedMs: this.#concealed / 8,
      latePackets: this.#late,
      discardedPackets: this.#discarded,
      bufferMs: Math.max(0, this.#delayMs),
    };
  }

  /** The time of the packet's first sample; `undefined` where it is of no use. */
  #place(packet: RtpPacket, nowMs: number): number | undefined {
    const { timestamp, sequence, ssrc } = packet;
    if (ssrc !== this.#ssrc) return this.#restart(packet, nowMs);
    const { head, end } = this.#ring;
    const place = head + ((timestamp - head) | 0);
    const newer = ((sequence - this.#newest) << 16) >> 16 > 0;
    if (newer) this.#noteNewest(packet, place);
    const late = place + packet.payload.length <= head;
    const far = place + packet.payload.length > end;
    if (!far && (!late || head - place < end - head)) this.#delay.note(nowMs - place / 8, nowMs);
    if (!late && !far) return place;
    if (newer) this.#strays += 1;
    if (newer && (packet.marker || this.#strays >= STRAYS)) return this.#restart(packet, nowMs);
    if (late) this.#late += 1;
    else this.#discarded += 1;
    return undefined;
  }

  /** Media time went on without a packet in between: the peer suppressed silence, and nothing was lost. */
  #noteNewest(packet: RtpPacket, place: number): void {
    if (packet.sequence === ((this.#newest + 1) & 0xffff) && place > this.#newestEnd) {
      this.#concealed -= this.#unproven;
      this.#quietFrom = this.#newestEnd;
      this.#quietTo = place;
    }
    this.#unproven = 0;
    this.#newest = packet.sequence;
    this.#newestEnd = place + packet.payload.length;
  }

  #restart(packet: RtpPacket, nowMs: number): number {
    const place = packet.timestamp;
    this.#ssrc = packet.ssrc;
    this.#newest = packet.sequence;
    this.#newestEnd = place + packet.payload.length;
    this.#unproven = 0;
    this.#delay.reset();
    this.#delay.note(nowMs - place / 8, nowMs);
    this.#quietFrom = Number.POSITIVE_INFINITY;
    this.#quietTo = Number.POSITIVE_INFINITY;
    const untilTickMs = this.#tickMs === undefined ? 0 : Math.max(0, this.#tickMs + FRAME_MS - nowMs);
    this.#ring.restart(place + Math.round((Math.min(FRAME_MS, untilTickMs) - this.#delay.targetMs) * 8));
    return place;
  }

  /** Moves the head where nothing is at it: unheard. Gives the samples of the frame already filled. */
  #moveInGap(frame: Int16Array, overMs: number, missing: number): number {
    if (overMs < -PAUSE_UNDER_MS) {
      const held = Math.min(frame.length, Math.round(-overMs * 8));
      this.#fillGap(frame, 0, held, held);
      return held;
    }
    const spare = Math.round(overMs * 8);
    if (overMs > PAUSE_OVER_MS && this.#concealer.resting) this.#ring.skip(Math.min(missing, spare));
    return 0;
  }

  #playScaled(frame: Int16Array, overMs: number): boolean {
    if (overMs <= PAUSE_OVER_MS && overMs >= -PAUSE_UNDER_MS) return false;
    const wanted = Math.round(overMs * 8);
    if (this.#ring.quieter(frame.length, QUIET)) {
      const change = Math.max(-PAUSE_STEP, Math.min(PAUSE_STEP, wanted));
      return this.#takeScaled(frame, change);
    }
    if (this.#sinceChange < SPEECH_EVERY || (overMs <= SPEECH_OVER_MS && overMs >= -SPEECH_UNDER_MS)) return false;
    return this.#takeScaled(frame, this.#ring.bestChange(overMs > 0 ? 1 : -1, frame.length));
  }

  #takeScaled(frame: Int16Array, change: number): boolean {
    if (!this.#ring.takeScaled(frame, change)) return false;
    this.#sinceChange = 0;
    this.#concealer.hear(frame, 0, frame.length);
    return true;
  }

  #play(frame: Int16Array, from: number): void {
    let filled = from;
    while (filled < frame.length) {
      const there = this.#ring.run(true, frame.length - filled);
      if (there > 0) {
        this.#ring.take(frame, filled, filled + there);
        this.#concealer.hear(frame, filled, filled + there);
      }
      filled += there;
      const missing = this.#ring.run(false, frame.length - filled);
      if (missing > 0) this.#fillGap(frame, filled, filled + missing);
      this.#ring.skip(missing);
      filled += missing;
    }
  }

  /** Fills what is missing at the head; `held` samples of it are put in before the head moves on. */
  #fillGap(frame: Int16Array, from: number, to: number, held = 0): void {
    const { head } = this.#ring;
    if (head >= this.#quietFrom && head < this.#quietTo) return this.#concealer.rest(frame, from, to);
    const missing = this.#ring.run(false, FADE_SAMPLES);
    const time = head + missing;
    const count = missing < FADE_SAMPLES ? this.#ring.peek(time, this.#ahead) : 0;
    const ahead = count === 0 ? undefined : { time, distance: held + missing, samples: this.#ahead, count };
    const concealed = this.#concealer.fill(frame, from, to, ahead);
    this.#concealed += concealed;
    if (head >= this.#newestEnd) this.#unproven += concealed;
  }
}
