/** Samples of one spectrum: 32 ms at 8 kHz. */
export const SPECTRUM_SAMPLES = 256;

const WINDOW = Float64Array.from(
  { length: SPECTRUM_SAMPLES },
  (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (at + 0.5)) / SPECTRUM_SAMPLES),
);
const COS = Float64Array.from({ length: SPECTRUM_SAMPLES }, (_, at) => Math.cos((2 * Math.PI * at) / SPECTRUM_SAMPLES));
const SIN = Float64Array.from({ length: SPECTRUM_SAMPLES }, (_, at) => Math.sin((2 * Math.PI * at) / SPECTRUM_SAMPLES));

/** The power in each of the 129 bins of `samples` from `at` on, under a Hann window; outside them is silence. */
export function powerSpectrum(samples: Int16Array, at: number): Float64Array {
  const real = Float64Array.from(WINDOW, (weight, index) => weight * (samples[at + index] ?? 0));
  const imaginary = new Float64Array(SPECTRUM_SAMPLES);
  transform(real, imaginary);
  return Float64Array.from({ length: SPECTRUM_SAMPLES / 2 + 1 }, (_, bin) => real[bin]! ** 2 + imaginary[bin]! ** 2);
}

/** The discrete Fourier transform in place: radix 2, decimation in frequency, then put in order. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  for (let half = SPECTRUM_SAMPLES / 2; half >= 1; half /= 2) {
    const turn = SPECTRUM_SAMPLES / (2 * half);
    for (let start = 0; start < SPECTRUM_SAMPLES; start += 2 * half) {
      for (let index = start; index < start + half; index += 1) {
        const [cos, sin] = [COS[(index - start) * turn]!, SIN[(index - start) * turn]!];
        const re = real[index]! - real[index + half]!;
        const im = imaginary[index]! - imaginary[index + half]!;
        real[index] = real[index]! + real[index + half]!;
        imaginary[index] = imaginary[index]! + imaginary[index + half]!;
        real[index + half] = re * cos + im * sin;
        imaginary[index + half] = im * cos - re * sin;
      }
    }
  }
  for (let index = 0; index < SPECTRUM_SAMPLES; index += 1) {
    const other = reversed(index);
    if (other <= index) continue;
    [real[index], real[other]] = [real[other]!, real[index]!];
    [imaginary[index], imaginary[other]] = [imaginary[other]!, imaginary[index]!];
  }
}

function reversed(index: number): number {
  let result = 0;
  for (let bit = 1; bit < SPECTRUM_SAMPLES; bit *= 2) result = result * 2 + ((index & bit) === 0 ? 0 : 1);
  return result;
}
