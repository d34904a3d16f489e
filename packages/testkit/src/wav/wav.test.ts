import { expect, it } from 'vitest';
import { decodeWav, encodeWav, loudness, speechSpans } from './index.ts';

const tone = (length: number, amplitude = 32_767) =>
  Int16Array.from({ length }, (_, index) => amplitude * Math.sin(index * 0.5));

it('reads the WAV it writes, and one whose data was never closed', () => {
  const samples = Int16Array.of(0, 1, -1, 32_767, -32_768);
  const bytes = encodeWav({ rate: 8_000, samples });
  expect(decodeWav(bytes)).toEqual({ rate: 8_000, samples });
  bytes.writeUInt32LE(0, 40);
  expect(decodeWav(bytes).samples).toEqual(samples);
  expect(() => decodeWav(bytes.subarray(0, 20))).toThrow('no audio');
});

it('measures loudness in dB of full scale', () => {
  expect(loudness(tone(8_000))).toBeCloseTo(-3.01, 1);
  expect(loudness(tone(8_000, 3_277))).toBeCloseTo(-23.01, 1);
  expect(loudness(new Int16Array(100))).toBe(Number.NEGATIVE_INFINITY);
});

it('finds speech, joins it across short pauses, and leaves clicks out', () => {
  const samples = new Int16Array(32_000);
  samples.set(tone(1_600), 4_000);
  samples.set(tone(1_600), 7_200);
  samples.set(tone(160), 16_000);
  samples.set(tone(4_000), 24_000);
  expect(speechSpans(samples, 8_000)).toEqual([
    { startMs: 500, endMs: 1_100 },
    { startMs: 3_000, endMs: 3_500 },
  ]);
  expect(speechSpans(new Int16Array(8_000), 8_000)).toEqual([]);
});
