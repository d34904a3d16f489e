import { describe, expect, it } from 'vitest';
import { seededRandom } from '../lossy-link/seeded-random.ts';
import { findClicks, intelligibility, judgeLine, measureLine, speechLike, trackDelay } from './index.ts';

const SECONDS = 9;
const speech = speechLike(SECONDS, seededRandom(5));
const level = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);

/** `samples` later by `delayMs`, which may change with time. */
function delayed(samples: Int16Array, delayMs: (atMs: number) => number): Int16Array {
  return Int16Array.from({ length: samples.length }, (_, at) => samples[at - Math.round(delayMs(at / 8) * 8)] ?? 0);
}

/** With every packet lost that `lost` says, and nothing in its place. */
function holed(samples: Int16Array, lost: () => boolean): Int16Array {
  const result = samples.slice();
  for (let at = 0; at < result.length; at += 160) if (lost()) result.fill(0, at, at + 160);
  return result;
}

const losing = (share: number) => {
  const random = seededRandom(9);
  return () => random() < share;
};

describe('measures of a line', () => {
  it('finds nothing wrong with a line that only takes its time, and says how much', () => {
    const figures = measureLine(
      speech,
      delayed(speech, () => 130),
    );
    expect(judgeLine(figures)).toEqual([]);
    expect(figures.delay).toMatchObject({ leastMs: 130, mostMs: 130, driftMs: 0, foundShare: 1 });
    expect(figures).toMatchObject({ replacedShare: 0, missingShare: 0, longestGapMs: 0, clicksPerMinute: 0 });
    expect(figures.intelligibility).toBeCloseTo(1, 6);
  });

  it('finds a delay that drifts, and one that jumps', () => {
    const drifting = measureLine(
      speech,
      delayed(speech, (atMs) => 80 + atMs * 0.007),
    );
    expect(drifting.delay.driftMs).toBeGreaterThan(50);
    expect(judgeLine(drifting).join()).toContain('drift');
    const jump = trackDelay(
      speech,
      delayed(speech, (atMs) => (atMs < 4_500 ? 40 : 160)),
    );
    expect([jump[0]!.delayMs, jump.at(-1)!.delayMs]).toEqual([40, 160]);
  });

  it('refuses 5 % of loss that nobody conceals, by what is missing', () => {
    const figures = measureLine(speech, holed(speech, losing(0.05)));
    expect(judgeLine(figures).join()).toContain('missing share');
  });

  it('refuses 30 % of loss by intelligibility, and knows another speaker for silence', () => {
    const holes = measureLine(speech, holed(speech, losing(0.3)));
    expect(holes.intelligibility).toBeLessThan(0.85);
    expect(judgeLine(holes).join()).toContain('intelligibility');
    const other = speechLike(SECONDS, seededRandom(6));
    expect(intelligibility(speech, other, () => 0)).toBeLessThan(0.3);
    expect(measureLine(speech, other).delay.foundShare).toBeLessThan(0.2);
    expect(judgeLine(measureLine(speech, new Int16Array(speech.length))).length).toBeGreaterThan(3);
  });

  it('finds the longest gap', () => {
    const gap = speech.slice();
    const loud = gap.findIndex((_, at) => level(gap.subarray(at, at + 1_600)) > 1_500);
    gap.fill(0, loud, loud + 1_600);
    const { longestGapMs } = measureLine(speech, gap);
    expect(longestGapMs).toBeGreaterThanOrEqual(160);
    expect(longestGapMs).toBeLessThanOrEqual(240);
  });

  it('hears a click in a tone, and none in speech or in a joint that fits', () => {
    const tone = Int16Array.from({ length: 8_000 }, (_, at) => 6_000 * Math.sin((2 * Math.PI * at) / 40));
    expect(findClicks(tone)).toEqual([]);
    expect(findClicks(speech).length).toBeLessThanOrEqual(2);
    const cut = Int16Array.from([...tone.subarray(0, 4_010), ...tone.subarray(4_030)]);
    expect(findClicks(cut)).toHaveLength(1);
    const whole = Int16Array.from([...tone.subarray(0, 4_010), ...tone.subarray(4_050)]);
    expect(findClicks(whole)).toEqual([]);
  });
});
