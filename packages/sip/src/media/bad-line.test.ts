/** What the jitter buffer makes of speech over a bad line, measured, in virtual time. */
import { judgeLine, type LineFigures, measureLine, speechLike, TALKABLE } from '@pickup/testkit/audio-measure';
import { BURSTY, CLEAR, ImpairedPath, type Impairment, ROUGH, seededRandom } from '@pickup/testkit/lossy-link';
import { describe, expect, it } from 'vitest';
import { encodeDtmf } from './dtmf-event.ts';
import { DtmfReceiver } from './dtmf-receiver.ts';
import { encodeG711, muLaw } from './g711.ts';
import { JitterBuffer, type JitterReport } from './jitter-buffer.ts';
import type { RtpPacket } from './rtp-packet.ts';
import { SpeechDetector } from './speech-detector.ts';

const FRAME = 160;
const RATE = 8_000;
const speech = speechLike(30, seededRandom(11));

interface Line {
  readonly impairment: Impairment;
  readonly seed?: number;
  /** So much faster than ours the sender's clock is. */
  readonly driftPpm?: number;
  readonly frames?: number;
  /** Changes a packet before it is sent. */
  readonly change?: (packet: RtpPacket, index: number) => RtpPacket;
  /** Extra delay of the path. */
  readonly pathMs?: (index: number) => number;
}

interface Heard {
  readonly heard: Int16Array;
  readonly report: JitterReport;
  readonly bufferMs: readonly number[];
}

/** The packets of `speech`, over and over, as they arrive. */
function* arrivals(line: Line, frames: number): Generator<{ readonly packet: RtpPacket; readonly atMs: number }> {
  const { impairment, seed = 1, driftPpm = 0, change = (packet) => packet, pathMs = () => 0 } = line;
  const path = new ImpairedPath(impairment, seededRandom(seed));
  for (let index = 0; index < frames; index += 1) {
    const at = (index * FRAME) % speech.length;
    const packet = change(
      {
        payloadType: 0,
        marker: index === 0,
        sequence: (65_000 + index) & 0xffff,
        timestamp: (2 ** 32 - 90_000 + index * FRAME) >>> 0,
        ssrc: 7,
        payload: encodeG711(muLaw, speech.subarray(at, at + FRAME)),
      },
      index,
    );
    const sentMs = ((index + 1) * 20) / (1 + driftPpm * 1e-6);
    for (const atMs of path.carry(sentMs)) yield { packet, atMs: atMs + pathMs(index) };
  }
}

/** Plays it in virtual time: 20 ms out each 20 ms of ours. */
function listen(line: Line): Heard {
  const frames = line.frames ?? speech.length / FRAME;
  const wire = [...arrivals(line, frames)].sort((left, right) => left.atMs - right.atMs);
  const buffer = new JitterBuffer();
  const heard = new Int16Array(frames * FRAME);
  const bufferMs: number[] = [];
  let next = 0;
  for (let tick = 0; tick < frames; tick += 1) {
    const nowMs = tick * 20 + 7;
    for (; next < wire.length && wire[next]!.atMs <= nowMs; next += 1) {
      buffer.push(wire[next]!.packet, muLaw, wire[next]!.atMs);
    }
    if (next > 0) buffer.pull(heard.subarray(tick * FRAME, tick * FRAME + FRAME), nowMs);
    bufferMs.push(buffer.report().bufferMs);
  }
  return { heard, report: buffer.report(), bufferMs };
}

const measured = (line: Line): LineFigures => measureLine(speech, listen(line).heard, 400);

/** What comes without any buffer but an endless one: the packets in order, silence where one is lost. */
function unconcealed(impairment: Impairment): Int16Array {
  const heard = new Int16Array(speech.length);
  const first = (2 ** 32 - 90_000) | 0;
  for (const { packet } of arrivals({ impairment }, speech.length / FRAME)) {
    const samples = Int16Array.from(packet.payload, (code) => muLaw.decodeTable[code]!);
    heard.set(samples, ((packet.timestamp - first) | 0) % speech.length);
  }
  return heard;
}

describe('speech over a bad line', () => {
  it.each([1, 2, 3])('stays talkable at the 5 per cent, with 60 ± 40 ms and out of order (seed %i)', (seed) => {
    const figures = measured({ impairment: ROUGH, seed });
    expect(judgeLine(figures), JSON.stringify(figures)).toEqual([]);
    expect(figures.intelligibility).toBeGreaterThan(0.975);
    expect(figures.segmentalSnrDb).toBeGreaterThan(32);
  });

  it('stays talkable where what is lost comes three packets in a row, but for the gaps', () => {
    const figures = measured({ impairment: BURSTY, seed: 4 });
    const limits = { ...TALKABLE, leastIntelligibility: 0.94, mostGapMs: 400, mostMissingShare: 0.04 };
    expect(judgeLine(figures, limits), JSON.stringify(figures)).toEqual([]);
  });

  it('fails the measure at 30 % loss, and at 5 % with the concealment off', () => {
    expect(judgeLine(measured({ impairment: { ...ROUGH, lossShare: 0.3 } })).join()).toContain('intelligibility');
    expect(judgeLine(measureLine(speech, unconcealed(ROUGH), 400)).join()).toContain('missing share');
  });

  it('is the original where the line is clear, and hardly late', () => {
    const figures = measured({ impairment: CLEAR });
    expect(figures).toMatchObject({ replacedShare: 0, missingShare: 0, clicksPerMinute: 0 });
    expect(figures.delay.mostMs).toBeLessThan(80);
  });

  it('counts as concealed about what was lost', () => {
    const { report } = listen({ impairment: ROUGH });
    expect(report.concealedMs / 30_000).toBeGreaterThan(0.03);
    expect(report.concealedMs / 30_000).toBeLessThan(0.07);
    expect(report.latePackets).toBeLessThan(15);
  });

  it('goes on within half a second when another stream follows, in the middle of a word', () => {
    const change = (packet: RtpPacket, index: number): RtpPacket =>
      index < 750
        ? packet
        : { ...packet, ssrc: 8, sequence: index & 0xffff, timestamp: (packet.timestamp + 1e9) >>> 0 };
    const { heard } = listen({ impairment: ROUGH, change });
    const from = 15.5 * RATE;
    const after = measureLine(speech.subarray(from), heard.subarray(from), 400);
    expect(judgeLine(after, { ...TALKABLE, mostDriftMs: 100 }), JSON.stringify(after)).toEqual([]);
  });

  it('follows a path that becomes 120 ms longer for good, and is soon as near to it as before', () => {
    const { heard, bufferMs } = listen({ impairment: ROUGH, pathMs: (index) => (index < 400 ? 0 : 120) });
    const whole = measureLine(speech, heard, 500);
    expect(whole.intelligibility, JSON.stringify(whole)).toBeGreaterThan(0.95);
    const settledMs = (from: number) => Math.max(...bufferMs.slice(from, from + 50));
    expect(settledMs(900)).toBeLessThan(settledMs(300) + 30);
    const later = measureLine(speech.subarray(22 * RATE), heard.subarray(22 * RATE), 500);
    const before = measureLine(speech.subarray(0, 7 * RATE), heard.subarray(0, 7 * RATE), 500);
    expect(later.delay.meanMs - before.delay.meanMs).toBeGreaterThan(90);
    expect(later.delay.meanMs - before.delay.meanMs).toBeLessThan(160);
  });

  it('gives back, within 30 s, the delay that jitter of 150 ms took', () => {
    const calm = { ...CLEAR, delayMs: 60 };
    const random = seededRandom(2);
    const { bufferMs } = listen({
      impairment: calm,
      frames: 2_400,
      pathMs: (index) => (index >= 400 && index < 700 ? random() * 150 : 0),
    });
    expect(Math.max(...bufferMs.slice(500, 700))).toBeGreaterThan(130);
    expect(bufferMs.at(-1)!).toBeLessThan(60);
  });
});

describe('who speaks when, over a bad line', () => {
  /** When speech begins and ends, in ms. */
  function turns(heard: Int16Array): readonly number[] {
    const detector = new SpeechDetector();
    const found: number[] = [];
    for (let at = 0; at + FRAME <= heard.length; at += FRAME) {
      if (detector.frame(heard.subarray(at, at + FRAME)) !== undefined) found.push(at / 8);
    }
    return found;
  }

  it('is told as on a clear one, 150 ms apart at most', () => {
    const clear = turns(listen({ impairment: { ...CLEAR, delayMs: 100 } }).heard);
    const rough = turns(listen({ impairment: ROUGH }).heard);
    expect(clear.length).toBeGreaterThan(10);
    expect(rough).toHaveLength(clear.length);
    for (const [index, atMs] of rough.entries()) expect(Math.abs(atMs - clear[index]!)).toBeLessThan(150);
  });

  it('hears nobody in the hiss of a line, whatever is lost of it', () => {
    const random = seededRandom(8);
    const hiss = Int16Array.from({ length: FRAME }, () => (random() - 0.5) * 160);
    const payload = encodeG711(muLaw, hiss);
    const { heard } = listen({ impairment: BURSTY, change: (packet) => ({ ...packet, payload }) });
    expect(turns(heard)).toEqual([]);
  });
});

describe('10 minutes of clocks apart', () => {
  const FRAMES = 30_000;
  const SLICE = 15 * RATE;

  it.each([
    [200, ROUGH],
    [-200, ROUGH],
    [200, CLEAR],
    [-200, CLEAR],
  ])('by %i ppm: the delay neither grows nor shrinks, and nobody hears it', (driftPpm, impairment) => {
    const { heard, report, bufferMs } = listen({ impairment, driftPpm, frames: FRAMES });
    const slices = [1, 10, 19].map((at) => {
      const from = at * speech.length;
      // The sender's clock has moved on by then; the slice is looked at where it is.
      const ahead = Math.round(from * driftPpm * 1e-6);
      return measureLine(speech.subarray(0, SLICE), heard.subarray(from - ahead, from - ahead + SLICE), 400);
    });
    for (const slice of slices) expect(judgeLine(slice), JSON.stringify(slice)).toEqual([]);
    const delays = slices.map((slice) => slice.delay.meanMs);
    expect(Math.max(...delays) - Math.min(...delays)).toBeLessThan(50);
    const settled = bufferMs.slice(500);
    expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(90);
    expect(report.latePackets).toBeLessThan(60);
    const lostShare = impairment.lossShare;
    expect(report.concealedMs / 600_000).toBeLessThan(lostShare * 1.1 + 0.001);
  });
});

describe('keys over a bad line', () => {
  it('each arrive once and in order at 5 % loss: 2,000 of them', () => {
    const keys = Array.from({ length: 2_000 }, (_, index) => '0123456789*#ABCD'[(index * 7) % 16]!);
    const path = new ImpairedPath(ROUGH, seededRandom(3));
    const wire = keys.flatMap((digit, key) =>
      Array.from({ length: 7 }, (_, step) => {
        const payload = new Uint8Array(4);
        encodeDtmf({ digit, end: step >= 4, duration: Math.min(step + 1, 5) * FRAME }, payload, 0);
        const sequence = (key * 8 + step) & 0xffff;
        const packet = { payloadType: 101, marker: step === 0, sequence, timestamp: key * 8 * FRAME, ssrc: 7, payload };
        return path.carry((key * 8 + step) * 20).map((atMs) => ({ packet, atMs }));
      }).flat(),
    );
    const heard: string[] = [];
    const receiver = new DtmfReceiver((digit) => heard.push(digit));
    for (const { packet, atMs } of wire.sort((left, right) => left.atMs - right.atMs)) {
      receiver.expire(atMs);
      receiver.receive(packet, atMs);
    }
    receiver.expire(Number.POSITIVE_INFINITY);
    expect(heard.join('')).toBe(keys.join(''));
  });
});
