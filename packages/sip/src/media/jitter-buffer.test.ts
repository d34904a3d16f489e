import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeG711, muLaw } from './g711.ts';
import { JitterBuffer } from './jitter-buffer.ts';
import type { RtpPacket } from './rtp-packet.ts';

const FRAME = 160;

/** A voice-like tone of 125 Hz, whole periods in a frame's multiple, so that every sample is known by its time. */
const voice = (time: number) =>
  Math.round(8_000 * Math.sin((2 * Math.PI * time) / 64) * (1 + 0.4 * Math.sin(time / 900)));

interface Wire {
  readonly index: number;
  readonly atMs: number;
}

interface Run {
  readonly wire: readonly Wire[];
  readonly frames: number;
  readonly say?: (time: number) => number;
  /** Ticks run at these times, by default every 20 ms. */
  readonly tickAtMs?: (tick: number) => number;
  readonly firstTimestamp?: number;
  readonly ptimeMs?: number;
}

function packetOf(index: number, run: Omit<Run, 'wire' | 'frames'> = {}): RtpPacket {
  const { say = voice, firstTimestamp = 0, ptimeMs = 20 } = run;
  const length = ptimeMs * 8;
  const samples = Int16Array.from({ length }, (_, offset) => say(index * length + offset));
  const timestamp = (firstTimestamp + index * length) >>> 0;
  return {
    payloadType: 0,
    marker: false,
    sequence: index & 0xffff,
    timestamp,
    ssrc: 9,
    payload: encodeG711(muLaw, samples),
  };
}

/** Plays a call in virtual time: every packet in at its arrival, a frame out at each tick. */
function play(run: Run) {
  const buffer = new JitterBuffer();
  const wire = [...run.wire].sort((left, right) => left.atMs - right.atMs);
  const heard: number[] = [];
  const delaysMs: number[] = [];
  const frame = new Int16Array(FRAME);
  let next = 0;
  for (let tick = 0; tick < run.frames; tick += 1) {
    const nowMs = run.tickAtMs?.(tick) ?? tick * 20;
    for (; next < wire.length && wire[next]!.atMs <= nowMs; next += 1) {
      buffer.push(packetOf(wire[next]!.index, run), muLaw, wire[next]!.atMs);
    }
    buffer.pull(frame, nowMs);
    heard.push(...frame);
    delaysMs.push(buffer.report().bufferMs);
  }
  return { heard: Int16Array.from(heard), report: buffer.report(), delaysMs, buffer };
}

const steady = (count: number, delayMs: (index: number) => number = () => 3): readonly Wire[] =>
  Array.from({ length: count }, (_, index) => ({ index, atMs: index * 20 + delayMs(index) }));

/** A deterministic spread in [0, 1). */
const chance = (index: number) => ((Math.imul(index + 1, 2_654_435_761) >>> 0) % 997) / 997;

/** Share of samples that continue the tone: each is one period (64) away from alike. */
function broken(heard: Int16Array, from: number): number {
  let count = 0;
  for (let at = from + 64; at < heard.length; at += 1) if (Math.abs(heard[at]! - heard[at - 64]!) > 1_500) count += 1;
  return count / (heard.length - from);
}

describe('the jitter buffer', () => {
  it('plays a steady stream without a break, 40 ms behind', () => {
    const { heard, report, delaysMs } = play({ wire: steady(500), frames: 490 });
    expect(report).toMatchObject({ concealedMs: 0, latePackets: 0, discardedPackets: 0 });
    expect(delaysMs[5]).toBeLessThanOrEqual(45);
    expect(broken(heard, 1_000)).toBeLessThan(0.005);
  });

  it.each([
    ['10 ms packets', 10],
    ['30 ms packets', 30],
    ['60 ms packets', 60],
  ])('takes %s', (_, ptimeMs) => {
    const wire = Array.from({ length: 100 }, (_, index) => ({ index, atMs: (index + 1) * ptimeMs }));
    const { heard, report } = play({ wire, ptimeMs, frames: (100 * ptimeMs) / 20 });
    expect(report).toMatchObject({ concealedMs: 0, latePackets: 0, discardedPackets: 0 });
    expect(broken(heard, 2_000)).toBeLessThan(0.01);
  });

  it('puts swapped packets in order, also over the wrap of sequence and timestamp', () => {
    const swapped = steady(200, (index) => 3 + (index % 3 === 0 ? 25 : 0));
    const { heard, report } = play({ wire: swapped, frames: 195, firstTimestamp: 2 ** 32 - 100 * FRAME });
    expect(report).toMatchObject({ latePackets: 0, discardedPackets: 0, concealedMs: 0 });
    expect(broken(heard, 1_000)).toBeLessThan(0.01);
  });

  it('drops copies', () => {
    const { report } = play({ wire: [...steady(100), ...steady(100, () => 4)], frames: 99 });
    expect(report.discardedPackets + report.latePackets).toBe(98);
    expect(report.concealedMs).toBe(0);
  });

  it('conceals a lost packet so that the tone goes on, and says how much', () => {
    const wire = steady(200).filter(({ index }) => index % 25 !== 24);
    const { heard, report } = play({ wire, frames: 190 });
    expect(report.concealedMs).toBeGreaterThanOrEqual(7 * 20);
    expect(report.concealedMs).toBeLessThanOrEqual(8 * 20);
    expect(broken(heard, 1_000)).toBeLessThan(0.02);
  });

  it('fades a long gap into quiet, of which 60 ms count as concealed, and comes back', () => {
    const wire = steady(200).filter(({ index }) => index < 100 || index >= 150);
    const { heard, report } = play({ wire, frames: 195 });
    expect(report.concealedMs).toBe(60);
    expect(Math.max(...heard.subarray(115 * FRAME, 145 * FRAME).map(Math.abs))).toBeLessThan(150);
    expect(Math.max(...heard.subarray(160 * FRAME, 190 * FRAME))).toBeGreaterThan(5_000);
  });

  it.each([
    [40, 20, 80],
    [100, 60, 150],
  ])('learns a jitter of %d ms: after 4 s hardly a packet is late', (spreadMs, least, most) => {
    const wire = steady(1_500, (index) => 3 + chance(index) * spreadMs);
    const early = play({ wire, frames: 200 }).report;
    const { report, delaysMs } = play({ wire, frames: 1_490 });
    expect(report.latePackets - early.latePackets).toBeLessThan(20);
    expect(delaysMs.at(-1)).toBeGreaterThan(least);
    expect(delaysMs.at(-1)).toBeLessThan(most);
  });

  it('comes down again when the line becomes calm, at pauses of the speech', () => {
    const say = (time: number) => (Math.floor(time / 8_000) % 2 === 0 ? voice(time) : 0);
    const wire = steady(3_000, (index) => 3 + (index < 500 ? chance(index) * 120 : 0));
    const { delaysMs } = play({ wire, frames: 2_990, say });
    expect(delaysMs[490]).toBeGreaterThan(80);
    expect(delaysMs.at(-1)).toBeLessThan(45);
  });

  it('goes on after the path became 700 ms longer, and after the sender set its clock anew', () => {
    const longer = play({ wire: steady(300, (index) => (index < 150 ? 3 : 703)), frames: 330 });
    expect(Math.max(...longer.heard.subarray(300 * FRAME))).toBeGreaterThan(5_000);
    const anew = play({
      wire: steady(300).map(({ index, atMs }) => ({ index: index < 150 ? index : index + 9_000_000, atMs })),
      frames: 290,
    });
    expect(Math.max(...anew.heard.subarray(170 * FRAME))).toBeGreaterThan(5_000);
  });

  it('catches up after a standstill of ours', () => {
    const { delaysMs } = play({
      wire: steady(600),
      frames: 560,
      tickAtMs: (tick) => tick * 20 + (tick < 200 ? 0 : 600),
    });
    expect(Math.max(...delaysMs.slice(203))).toBeLessThan(200);
    expect(delaysMs.at(-1)).toBeLessThan(65);
  });

  it.each([100, -100])('keeps its delay over 10 minutes of clocks %d ppm apart', (ppm) => {
    const count = 30_000;
    const wire = steady(count, (index) => 3 + index * 20 * ppm * 1e-6 + chance(index) * 10);
    const say = (time: number) => (Math.floor(time / 12_000) % 3 < 2 ? voice(time) : 0);
    const { report, delaysMs } = play({ wire, frames: count - 10, say });
    expect(Math.max(...delaysMs.slice(500))).toBeLessThan(60);
    expect(report.latePackets).toBeLessThan(30);
    expect(report.concealedMs).toBeLessThan(600);
  });

  it('keeps it also where nobody ever pauses', () => {
    const wire = steady(15_000, (index) => 3 - index * 20 * 100e-6);
    const { heard, report, delaysMs } = play({ wire, frames: 14_990 });
    expect(Math.max(...delaysMs)).toBeLessThan(70);
    expect(report.latePackets).toBe(0);
    expect(broken(heard, 1_000)).toBeLessThan(0.005);
  });

  it('takes comfort noise and keys for a pause, not for a loss', () => {
    const { buffer } = play({ wire: steady(50), frames: 51 });
    const noise = { ...packetOf(50), payloadType: 13, payload: Uint8Array.of(70) };
    buffer.pause(noise, 70);
    const frame = new Int16Array(FRAME);
    for (let tick = 51; tick < 100; tick += 1) buffer.pull(frame, tick * 20);
    expect(buffer.report().concealedMs).toBe(0);
    expect(Math.max(...frame.map(Math.abs))).toBeLessThan(40);
    expect(frame.some((sample) => sample !== 0)).toBe(true);
  });

  it('takes a gap in the timestamps alone for silence suppressed, one in the sequence for a loss', () => {
    const talk = (skipped: number) => {
      const buffer = new JitterBuffer();
      const frame = new Int16Array(FRAME);
      for (let tick = 0; tick < 100; tick += 1) {
        const late = tick >= 70 ? skipped : 0;
        if (tick < 50 || tick >= 70)
          buffer.push({ ...packetOf(tick), sequence: tick - 20 * +(tick >= 70) + late }, muLaw, tick * 20);
        buffer.pull(frame, tick * 20 + 5);
      }
      return buffer.report();
    };
    expect(talk(0)).toMatchObject({ concealedMs: 0, latePackets: 0, discardedPackets: 0 });
    expect(talk(1).concealedMs).toBe(60);
  });

  it('bridges a lost packet without a dip where the next has come, and fades where nothing has', () => {
    const wire = steady(60).filter(({ index }) => index !== 40);
    const level = (heard: Int16Array) =>
      Math.sqrt(heard.reduce((sum, sample) => sum + sample * sample, 0) / heard.length);
    const { heard } = play({ wire, frames: 59 });
    const levels = Array.from({ length: 59 }, (_, frame) =>
      level(heard.subarray(frame * FRAME, frame * FRAME + FRAME)),
    );
    for (let frame = 41; frame < 46; frame += 1) expect(levels[frame]! / levels[30]!).toBeGreaterThan(0.85);
    const ceased = play({ wire: steady(40), frames: 50 }).heard;
    const faded = level(ceased.subarray(45 * FRAME, 46 * FRAME));
    expect(faded / level(ceased.subarray(30 * FRAME, 31 * FRAME))).toBeLessThan(0.3);
  });

  it('never throws, never holds more than it may, and gives only finite figures, whatever comes', () => {
    const packet = fc.record({
      payloadType: fc.constantFrom(0, 8),
      marker: fc.boolean(),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      timestamp: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.nat({ max: 5_000 })),
      ssrc: fc.constantFrom(1, 2),
      payload: fc.uint8Array({ maxLength: 2_000 }),
    });
    const step = fc.record({ packet, waitMs: fc.nat({ max: 300 }), paused: fc.boolean(), pulls: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new JitterBuffer();
        const frame = new Int16Array(FRAME);
        let nowMs = 0;
        for (const one of steps) {
          nowMs += one.waitMs;
          if (one.paused) buffer.pause(one.packet, one.packet.payload[0]);
          else buffer.push(one.packet, muLaw, nowMs);
          for (let pull = 0; pull < one.pulls; pull += 1) buffer.pull(frame, nowMs + pull * 20);
        }
        const report = buffer.report();
        expect(Object.values(report).every((figure) => Number.isFinite(figure) && figure >= 0)).toBe(true);
        expect(report.latePackets + report.discardedPackets).toBeLessThanOrEqual(steps.length);
      }),
    );
  });

  it('loses nothing that comes in time: any order and any delay up to 35 ms', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 35 }), { minLength: 40, maxLength: 40 }), (delaysMs) => {
        // The first is as late as any, so that the delay begins long enough.
        const wire = steady(40, (index) => (index === 0 ? 0 : delaysMs[index]!));
        const { report } = play({ wire, frames: 41 });
        expect(report).toMatchObject({ latePackets: 0, discardedPackets: 0, concealedMs: 0 });
      }),
    );
  });
});
