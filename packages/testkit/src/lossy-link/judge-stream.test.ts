import { expect, it } from 'vitest';
import { judgeStream, type SentPacket } from './index.ts';

const FIRST = 2 ** 32 - 800;
const steady = (count: number): SentPacket[] =>
  Array.from({ length: count }, (_, index) => ({
    sequence: (65_530 + index) & 0xffff,
    timestamp: (FIRST + index * 160) >>> 0,
    payloadType: 0,
    atMs: 1_000 + index * 20 + (index % 3),
  }));

it('finds nothing wrong with a steady stream, over the wrap of both counters', () => {
  const figures = judgeStream(steady(100));
  expect(figures).toMatchObject({ packets: 100, sequenceFaults: 0, timestampFaults: 0 });
  expect(figures.longestGapMs).toBeLessThan(23);
  expect(figures.offBeatMs).toBeLessThan(2);
  expect(judgeStream([])).toMatchObject({ packets: 0, longestGapMs: 0 });
});

it('finds a number left out, a timestamp that is wrong, and takes a standstill for what it is', () => {
  const missing = steady(100).filter((_, index) => index !== 50);
  expect(judgeStream(missing)).toMatchObject({ sequenceFaults: 1, timestampFaults: 1 });
  const crooked = steady(100).map((one, index) => (index < 50 ? one : { ...one, timestamp: one.timestamp + 80 }));
  expect(judgeStream(crooked)).toMatchObject({ sequenceFaults: 0, timestampFaults: 1 });
  const stood = steady(100).map((one, index) =>
    index < 50 ? one : { ...one, timestamp: one.timestamp + 10 * 160, atMs: one.atMs + 200 },
  );
  expect(judgeStream(stood)).toMatchObject({ sequenceFaults: 0, timestampFaults: 0 });
  expect(judgeStream(stood).longestGapMs).toBeGreaterThan(200);
});
