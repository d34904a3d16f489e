import { ManualClock } from '@pickup/testkit/clock';
import { describe, expect, it } from 'vitest';
import { Pacer } from './pacer.ts';
import { PlayQueue } from './play-queue.ts';
import { PortPool } from './port-pool.ts';
import { ReceiveStats } from './receive-stats.ts';
import { parseRtp, type RtpPacket, writeRtpHeader } from './rtp-packet.ts';
import { SpeechDetector } from './speech-detector.ts';

function packet(sequence: number, ssrc = 1): RtpPacket {
  const timestamp = sequence * 160;
  return { payloadType: 0, marker: false, sequence: sequence & 0xffff, timestamp, ssrc, payload: new Uint8Array(160) };
}

describe('RTP packets', () => {
  it('reads what it writes', () => {
    const bytes = Buffer.alloc(14, 7);
    writeRtpHeader(bytes, {
      payloadType: 8,
      marker: true,
      sequence: 65_536 + 5,
      timestamp: 2 ** 32 + 9,
      ssrc: 0xdeadbeef,
    });
    const read = parseRtp(bytes);
    expect(read).toMatchObject({ payloadType: 8, marker: true, sequence: 5, timestamp: 9, ssrc: 0xdeadbeef });
    expect([...read!.payload]).toEqual([7, 7]);
  });

  it('skips sources, extension and padding, and refuses what does not fit', () => {
    const head = [0xb1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    const full = Buffer.from([...head, 1, 2, 3, 4, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 42, 0, 2]);
    expect([...parseRtp(full)!.payload]).toEqual([42]);
    expect(parseRtp(full.subarray(0, 20))).toBeUndefined();
    expect(parseRtp(Buffer.alloc(11, 0x80))).toBeUndefined();
    expect(parseRtp(Buffer.alloc(20))).toBeUndefined();
    const rtcp = Buffer.alloc(28);
    rtcp.set([0x80, 200]);
    expect(parseRtp(rtcp)).toBeUndefined();
  });
});

describe('the pacer', () => {
  it('runs each member every 20 ms on absolute deadlines, spread over four slots', async () => {
    const clock = new ManualClock();
    const pacer = new Pacer(clock);
    const at: number[][] = [[], [], [], []];
    const leave = at.map((times) => pacer.add((_, nowMs) => times.push(nowMs)));
    await clock.advance(2_000);
    for (const times of at) expect(Math.abs(times.length - 100)).toBeLessThanOrEqual(1);
    expect(new Set(at.map((times) => times[5]! % 20)).size).toBe(4);
    for (const one of leave) one();
    expect(clock.pending).toBe(0);
  });

  it('catches up after 60 ms, and skips after 500 ms leaving a gap in the cycles', () => {
    let nowMs = 0;
    let fire = () => {};
    const pacer = new Pacer({
      monoMs: () => nowMs,
      after: (_, run) => {
        fire = run;
        return () => {};
      },
    });
    const cycles: number[] = [];
    pacer.add((cycle) => cycles.push(cycle));
    fire();
    nowMs = 60;
    fire();
    expect(cycles).toEqual([0, 1, 2, 3]);
    nowMs = 560;
    fire();
    expect(cycles.length).toBeLessThanOrEqual(5);
    expect(cycles.at(-1)).toBeGreaterThanOrEqual(27);
    expect(pacer.stats().skippedCycles).toBeGreaterThanOrEqual(23);
  });
});

describe('queue, ports and receiving', () => {
  it('plays pieces in order without a gap and says which ended', () => {
    const queue = new PlayQueue();
    queue.push(1, Int16Array.of(1, 2, 3));
    queue.push(2, new Int16Array(0));
    queue.push(3, Int16Array.of(4, 5));
    const frame = new Int16Array(4);
    expect(queue.take(frame)).toEqual({ filled: 4, finished: [1, 2] });
    expect([...frame]).toEqual([1, 2, 3, 4]);
    expect(queue.take(frame)).toEqual({ filled: 1, finished: [3] });
    queue.push(4, frame);
    expect(queue.clear()).toEqual([4]);
    expect(queue.empty).toBe(true);
  });

  it('keeps order and loses nothing over thousands of pieces', () => {
    const queue = new PlayQueue();
    for (let play = 0; play < 5_000; play += 1) queue.push(play, Int16Array.of(play));
    const heard: number[] = [];
    const frame = new Int16Array(7);
    while (!queue.empty) heard.push(...frame.subarray(0, queue.take(frame).filled));
    expect(heard).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
  });

  it('gives every even port once, and a port given back last', () => {
    const pool = new PortPool([20_001, 20_009], () => 0.5);
    const first = pool.take()!;
    pool.release(first);
    const all = [pool.take(), pool.take(), pool.take(), pool.take()];
    expect([...all].sort()).toEqual([20_002, 20_004, 20_006, 20_008]);
    expect(all.at(-1)).toBe(first);
    expect(pool.take()).toBeUndefined();
  });

  it('counts losses over the wrap of the sequence and a new stream, and no jitter on a steady one', () => {
    const stats = new ReceiveStats();
    for (const [index, sequence] of [65_533, 65_534, 65_536, 65_538].entries()) {
      stats.note({ ...packet(sequence), timestamp: index * 160 }, index * 20);
    }
    stats.note(packet(9, 2), 200);
    expect(stats.report()).toEqual({ packetsReceived: 5, lost: 2, jitterMs: 0, maxGapMs: 140 });
  });
});

describe('the speech detector', () => {
  const noise = (amplitude: number, seed: number) =>
    Int16Array.from({ length: 160 }, (_, index) => amplitude * Math.sin(index * index * 0.7 + seed));
  const run = (detector: SpeechDetector, amplitude: number, frames: number) =>
    Array.from({ length: frames }, (_, index) => detector.frame(noise(amplitude, index)));

  it('begins after 60 ms and ends after 300 ms', () => {
    const detector = new SpeechDetector();
    run(detector, 5, 50);
    expect(run(detector, 4_000, 10).indexOf(true)).toBe(2);
    expect(run(detector, 5, 30).indexOf(false)).toBe(14);
  });

  it('takes a click, silence and a steady hiss for no speech, yet hears speech over the hiss', () => {
    const detector = new SpeechDetector();
    expect(run(detector, 8_000, 2)).not.toContain(true);
    expect(run(detector, 0, 100)).not.toContain(true);
    for (let step = 1; step <= 60; step += 1) run(detector, step * 4, 20);
    expect(detector.speaking).toBe(false);
    expect(run(detector, 4_000, 5)).toContain(true);
  });

  it('bridges pauses between words', () => {
    const detector = new SpeechDetector();
    for (let word = 0; word < 20; word += 1) {
      run(detector, 3_000, 15);
      expect(run(detector, 10, 10)).not.toContain(false);
    }
    expect(detector.speaking).toBe(true);
  });
});
