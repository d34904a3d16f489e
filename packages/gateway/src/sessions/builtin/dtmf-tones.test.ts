import { expect, it } from 'vitest';
import { dtmfTones } from './dtmf-tones.ts';

/** Power of one frequency in a tone (Goertzel), per sample. */
const power = (samples: Int16Array, hz: number): number => {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / 8_000);
  let [previous, before] = [0, 0];
  for (const sample of samples) [previous, before] = [sample + coefficient * previous - before, previous];
  return Math.sqrt(previous ** 2 + before ** 2 - coefficient * previous * before) / samples.length;
};
const ALL_HZ = [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633];

it.each([
  ['1', 697, 1_209],
  ['6', 770, 1_477],
  ['0', 941, 1_336],
  ['*', 941, 1_209],
  ['#', 941, 1_477],
  ['D', 941, 1_633],
])('key %s is %i and %i Hz', (key, row, column) => {
  const tone = dtmfTones(key).subarray(0, 960);
  const loudest = ALL_HZ.toSorted((a, b) => power(tone, b) - power(tone, a)).slice(0, 2);
  expect(loudest.toSorted((a, b) => a - b)).toEqual([row, column]);
});

it('keys follow each other with a gap; what is no key is left out', () => {
  const samples = dtmfTones('1x2');
  expect(samples.length).toBe(2 * 1_600);
  expect([...samples.subarray(960, 1_600)].every((sample) => sample === 0)).toBe(true);
});
