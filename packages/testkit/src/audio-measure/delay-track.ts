const RATE = 8_000;
/** As much is compared at once: a few syllables, so that one vowel's periods do not match another's. */
const WINDOW = 3_200;
const STEP = 2_000;
/** The coarse search looks at every fourth sample of smoothed signals, at every second lag. */
const COARSE = 4;
const COARSE_LAG = 2;
/** So many peaks of the coarse search are looked at closely: neighbouring pitch periods are nearly alike. */
const PEAKS = 4;
/** A window quieter than this (mean square, -50 dB) tells nothing. */
const LEAST_POWER = (32_768 * 10 ** (-50 / 20)) ** 2;
/** Below this likeness a window has no say in the delay. */
const LEAST_LIKENESS = 0.5;
/** Around the delay before, this far is looked first. */
const NEAR = 50 * 8;

/** The delay at one moment. */
export interface DelayPoint {
  /** In the reference. */
  readonly atMs: number;
  readonly delayMs: number;
  /** Normalised correlation of reference and recording at that delay, up to 1. */
  readonly likeness: number;
}

/**
 * How much later than in `reference` things are in `heard` (both 8 kHz, counted from the same moment), every 250 ms
 * where somebody speaks; windows of 400 ms that resemble nothing in the recording are left out. Finds delays from 0 to
 * `mostMs`, default 600.
 */
export function trackDelay(reference: Int16Array, heard: Int16Array, mostMs = 600): readonly DelayPoint[] {
  const most = mostMs * 8;
  const coarse = { reference: smoothed(reference), heard: smoothed(heard) };
  const points: DelayPoint[] = [];
  let last: number | undefined;
  for (const at of spokenWindows(reference)) {
    if (at + WINDOW > heard.length) break;
    const search = (from: number, to: number) => searchDelay({ reference, heard, coarse, at }, from, to);
    let found = last === undefined ? undefined : search(Math.max(0, last - NEAR), Math.min(most, last + NEAR));
    if (found === undefined || found.likeness < 0.8) {
      const anywhere = search(0, most);
      if (found === undefined || anywhere.likeness > found.likeness + 0.05) found = anywhere;
    }
    if (found.likeness < LEAST_LIKENESS) continue;
    last = found.lag;
    points.push({ atMs: (at * 1_000) / RATE, delayMs: found.lag / 8, likeness: found.likeness });
  }
  return points;
}

/** Where the windows begin in which somebody speaks. */
export function spokenWindows(reference: Int16Array): readonly number[] {
  const windows: number[] = [];
  for (let at = 0; at + WINDOW <= reference.length; at += STEP) {
    if (power(reference, at, WINDOW) >= LEAST_POWER) windows.push(at);
  }
  return windows;
}

/** The delay in ms of each point's time on, as a function of the reference's time; before the first, its delay. */
export function delayAt(points: readonly DelayPoint[]): (atMs: number) => number {
  return (atMs) => {
    let [low, high] = [0, points.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      // A point stands for the window behind it, whose middle is 200 ms later.
      if (points[middle]!.atMs <= atMs - WINDOW / 16 + STEP / 16) low = middle;
      else high = middle - 1;
    }
    return points[low]?.delayMs ?? 0;
  };
}

/** Normalised correlation of `count` samples from `at` of one and from `other` of the other; 0 where either is silent. */
export function likeness(left: Int16Array, at: number, right: Int16Array, other: number, count: number): number {
  if (at < 0 || other < 0 || at + count > left.length || other + count > right.length) return 0;
  let [product, leftSquare, rightSquare] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    const [one, two] = [left[at + index]!, right[other + index]!];
    product += one * two;
    leftSquare += one * one;
    rightSquare += two * two;
  }
  return leftSquare === 0 || rightSquare === 0 ? 0 : product / Math.sqrt(leftSquare * rightSquare);
}

/** Mean square of `count` samples from `at`; what lies outside counts as silence. */
export function power(samples: Int16Array, at: number, count: number): number {
  let sum = 0;
  const end = Math.min(samples.length, at + count);
  for (let index = Math.max(0, at); index < end; index += 1) sum += samples[index]! * samples[index]!;
  return sum / count;
}

interface Pair {
  readonly reference: Int16Array;
  readonly heard: Int16Array;
  readonly coarse: { readonly reference: Float32Array; readonly heard: Float32Array };
  readonly at: number;
}

interface Found {
  readonly lag: number;
  readonly likeness: number;
}

function searchDelay({ reference, heard, coarse, at }: Pair, from: number, to: number): Found {
  let peaks: Found[] = [];
  for (let lag = from; lag <= to; lag += COARSE_LAG) {
    const found = { lag, likeness: coarseLikeness(coarse.reference, at, coarse.heard, at + lag) };
    if (peaks.length === PEAKS && found.likeness <= peaks.at(-1)!.likeness) continue;
    peaks = insertPeak(peaks, found);
  }
  let best: Found = { lag: from, likeness: -1 };
  for (const peak of peaks) {
    for (let lag = Math.max(0, peak.lag - COARSE); lag <= peak.lag + COARSE; lag += 1) {
      const found = likeness(reference, at, heard, at + lag, WINDOW);
      if (found > best.likeness) best = { lag, likeness: found };
    }
  }
  return best;
}

/** Keeps the best, best first, of those closer than 1 ms only one. */
function insertPeak(peaks: readonly Found[], found: Found): Found[] {
  const near = peaks.find((peak) => Math.abs(peak.lag - found.lag) < 8);
  if (near !== undefined && near.likeness >= found.likeness) return [...peaks];
  const kept = [...peaks.filter((peak) => peak !== near), found];
  return kept.sort((left, right) => right.likeness - left.likeness).slice(0, PEAKS);
}

function coarseLikeness(left: Float32Array, at: number, right: Float32Array, other: number): number {
  if (other + WINDOW > right.length) return -1;
  let [product, leftSquare, rightSquare] = [0, 0, 0];
  for (let index = 0; index < WINDOW; index += COARSE) {
    const [one, two] = [left[at + index]!, right[other + index]!];
    product += one * two;
    leftSquare += one * one;
    rightSquare += two * two;
  }
  return leftSquare === 0 || rightSquare === 0 ? 0 : product / Math.sqrt(leftSquare * rightSquare);
}

/** Each the mean of 8 samples, so that every fourth of them says nearly all there is below 500 Hz. */
function smoothed(samples: Int16Array): Float32Array {
  const result = new Float32Array(samples.length);
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) {
    sum += samples[index]! - (samples[index - 8] ?? 0);
    result[index] = sum;
  }
  return result;
}
