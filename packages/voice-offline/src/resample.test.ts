import { describe, expect, it } from 'vitest';
import { createResampler } from './resample.ts';

const tone = (hz: number, rate: number, seconds: number) =>
  Int16Array.from({ length: rate * seconds }, (_, n) => Math.round(10_000 * Math.sin((2 * Math.PI * hz * n) / rate)));
/** Root mean square without the ends, where the filter starts and stops. */
const level = (samples: Int16Array) => {
  const middle = samples.subarray(200, -200);
  return Math.sqrt(middle.reduce((sum, sample) => sum + sample * sample, 0) / middle.length);
};

describe('createResampler', () => {
  const resample = createResampler(22_050, 8_000);

  it('keeps the duration', () => {
    expect(resample(new Int16Array(22_050 * 3)).length).toBe(24_000);
    expect(resample(new Int16Array(0)).length).toBe(0);
  });

  it.each([100, 1_000, 2_500, 3_000])('passes %i Hz at its level and in place', (hz) => {
    const out = resample(tone(hz, 22_050, 1));
    expect(level(out) / (10_000 / Math.SQRT2)).toBeCloseTo(1, 1);
    const wanted = tone(hz, 8_000, 1);
    const error = level(out.map((sample, n) => sample - (wanted[n] ?? 0)));
    expect(error).toBeLessThan(400);
  });

  it.each([4_100, 5_000, 8_000, 11_000])('leaves nothing of %i Hz to fold back', (hz) => {
    expect(level(resample(tone(hz, 22_050, 1)))).toBeLessThan(15);
  });
});
