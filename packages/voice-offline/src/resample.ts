/**
 * Sample-rate conversion with a windowed-sinc low-pass, one filter phase per output position (a polyphase filter).
 * Everything from 4,000 Hz up is 70 dB down, so nothing folds back into what a telephone carries.
 */

/** Filter length in input samples: at 22,050 Hz the step from pass to stop band is about 1,000 Hz wide. */
const TAPS = 96;
/** Kaiser window parameter for about 70 dB. */
const BETA = 6.76;

/** Makes a converter between two whole rates in Hz; build it once, the filter table takes a few ms. */
export function createResampler(fromRate: number, toRate: number): (samples: Int16Array) => Int16Array {
  const common = greatestCommonDivisor(fromRate, toRate);
  const up = toRate / common;
  const down = fromRate / common;
  const filter = buildFilter(up, (0.4375 * Math.min(fromRate, toRate)) / fromRate);
  return (samples) => {
    const output = new Int16Array(Math.floor((samples.length * up) / down));
    for (let at = 0; at < output.length; at++) {
      const place = at * down;
      const first = Math.floor(place / up) - TAPS / 2 + 1;
      const phase = (place % up) * TAPS;
      let sum = 0;
      for (let tap = Math.max(0, -first); tap < TAPS && first + tap < samples.length; tap++) {
        sum += (samples[first + tap] as number) * (filter[phase + tap] as number);
      }
      output[at] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    }
    return output;
  };
}

/** `cutoff` as a fraction of the input rate; each phase sums to 1, so that levels are kept. */
function buildFilter(phases: number, cutoff: number): Float64Array {
  const filter = new Float64Array(phases * TAPS);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const offset = tap - TAPS / 2 + 1 - phase / phases;
      const weight = sinc(2 * cutoff * offset) * kaiser(offset / (TAPS / 2));
      filter[phase * TAPS + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < TAPS; tap++) filter[phase * TAPS + tap] = (filter[phase * TAPS + tap] as number) / sum;
  }
  return filter;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(BETA * Math.sqrt(1 - x * x)) / besselI0(BETA);
}

/** Modified Bessel function of order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
