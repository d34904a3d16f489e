/**
 * How much of speech is understood, after the short-time objective intelligibility measure of Taal, Hendriks, Heusdens
 * and Jensen (2011), at the telephone's 8 kHz: the envelopes of third-octave bands in stretches of about 0.4 s, correlated
 * between what was said and what was heard.
 */
import { powerSpectrum, SPECTRUM_SAMPLES } from './power-spectrum.ts';

const HOP = SPECTRUM_SAMPLES / 2;
/** Frames of one stretch: 24 × 16 ms = 384 ms, as in the paper. */
const STRETCH = 24;
/** Frames this far below the loudest are pauses and say nothing. */
const RANGE_DB = 40;
/** A band is not punished for more than this signal-to-distortion ratio: -15 dB. */
const CLIP = 1 + 10 ** (15 / 20);
const LOWEST_HZ = 150;
/** Third octaves up to 3.4 kHz, where the telephone ends. */
const BANDS = 14;
const BIN_HZ = 8_000 / SPECTRUM_SAMPLES;

/**
 * From about 0 (nothing) to 1 (all there). `delayMs` says how much later than in `reference` a moment is in `heard`.
 * NaN where there is not a second of speech.
 */
export function intelligibility(reference: Int16Array, heard: Int16Array, delayMs: (atMs: number) => number): number {
  const said: Float64Array[] = [];
  const got: Float64Array[] = [];
  const loud: number[] = [];
  for (let at = 0; at + SPECTRUM_SAMPLES <= reference.length; at += HOP) {
    const bands = bandsOf(powerSpectrum(reference, at));
    loud.push(bands.reduce((sum, band) => sum + band * band, 0));
    said.push(bands);
    got.push(bandsOf(powerSpectrum(heard, at + Math.round(delayMs(at / 8) * 8))));
  }
  const least = loud.reduce((most, one) => Math.max(most, one), 0) * 10 ** (-RANGE_DB / 10);
  const active = loud.flatMap((one, index) => (one > 0 && one >= least ? [index] : []));
  let [sum, count] = [0, 0];
  for (let end = STRETCH; end <= active.length; end += STRETCH / 2) {
    const frames = active.slice(end - STRETCH, end);
    for (let band = 0; band < BANDS; band += 1) {
      sum += envelopeLikeness(
        frames.map((frame) => said[frame]![band]!),
        frames.map((frame) => got[frame]![band]!),
      );
      count += 1;
    }
  }
  return active.length < 63 ? Number.NaN : sum / count;
}

function bandsOf(spectrum: Float64Array): Float64Array {
  return Float64Array.from({ length: BANDS }, (_, band) => {
    const middle = LOWEST_HZ * 2 ** (band / 3);
    const [from, to] = [middle * 2 ** (-1 / 6), middle * 2 ** (1 / 6)];
    let sum = 0;
    for (let bin = Math.round(from / BIN_HZ); bin < Math.max(from / BIN_HZ + 1, to / BIN_HZ); bin += 1) {
      sum += spectrum[bin] ?? 0;
    }
    return Math.sqrt(sum);
  });
}

function envelopeLikeness(said: readonly number[], got: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const gain = norm(said) / Math.max(norm(got), 1e-9);
  const fair = got.map((value, index) => Math.min(value * gain, said[index]! * CLIP));
  const centred = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [left, right] = [centred(said), centred(fair)];
  const product = left.reduce((sum, value, index) => sum + value * right[index]!, 0);
  const length = norm(left) * norm(right);
  return length === 0 ? 0 : product / length;
}
