import { describe, expect, it } from 'vitest';
import { BURSTY, ImpairedPath, ROUGH, seededRandom } from './index.ts';

const COUNT = 100_000;
const carried = (impairment: typeof ROUGH, seed = 1) => {
  const path = new ImpairedPath(impairment, seededRandom(seed));
  return Array.from({ length: COUNT }, (_, index) => path.carry(index * 20).map((atMs) => atMs - index * 20));
};

describe('an impaired path', () => {
  it.each([
    ['each by itself', { ...ROUGH, meanBurst: 1 }],
    ['in short bursts', ROUGH],
    ['in long bursts', BURSTY],
  ])('loses 5 %% %s', (_, impairment) => {
    const packets = carried(impairment);
    const lost = packets.filter((arrivals) => arrivals.length === 0).length;
    const bursts = packets.filter((one, at) => one.length === 0 && packets[at - 1]?.length !== 0).length;
    expect(lost / COUNT).toBeGreaterThan(0.046);
    expect(lost / COUNT).toBeLessThan(0.054);
    // Losses each by themselves follow each other now and then too; Gilbert's do by their mean.
    expect(lost / bursts).toBeCloseTo(impairment.meanBurst, 0);
  });

  it('spreads the delay over 60 ± 40 ms, sends 1 % twice, and lets packets overtake', () => {
    const packets = carried(ROUGH);
    const delays = packets.flat();
    expect(Math.min(...delays.slice(0, 10_000))).toBeCloseTo(20, 0);
    expect(Math.max(...delays.slice(0, 10_000))).toBeCloseTo(100, 0);
    expect(delays.reduce((sum, delay) => sum + delay, 0) / delays.length).toBeCloseTo(59, -0.5);
    expect(packets.filter((arrivals) => arrivals.length === 2).length / COUNT).toBeCloseTo(0.0095, 2);
    const first = packets.flatMap((arrivals, index) => (arrivals[0] === undefined ? [] : [index * 20 + arrivals[0]]));
    expect(first.filter((atMs, at) => at > 0 && atMs < first[at - 1]!).length / COUNT).toBeGreaterThan(0.2);
  });

  it('does the same for the same seed, and refuses a share that is none', () => {
    expect(carried(ROUGH, 7)).toEqual(carried(ROUGH, 7));
    expect(carried(ROUGH, 7)).not.toEqual(carried(ROUGH, 8));
    expect(() => new ImpairedPath({ ...ROUGH, lossShare: 1 }, Math.random)).toThrow(RangeError);
  });
});
