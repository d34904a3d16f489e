import { likeness, power } from './delay-track.ts';

const FRAME = 160;
/** Frames quieter than this (mean square, -45 dB) are no speech and not looked at. */
const LEAST_POWER = (32_768 * 10 ** (-45 / 20)) ** 2;
/** What resembles the original this much is the original, as far as anybody hears: an SNR of 10 dB. */
const KEPT = 0.95;
/** So much quieter than the original (power) is missing, not replaced. */
const MISSING = 10 ** (-20 / 10);
/** How far from the delay measured a frame may lie: that is taken from 400 ms, within which it may change. */
const SLACK = 80;

/** What became of the frames of speech, of 20 ms each. */
export interface FrameFigures {
  readonly frames: number;
  /** Share that is not the original: concealed, distorted or missing. */
  readonly replacedShare: number;
  /** Share with nothing, or hardly anything, in its place. */
  readonly missingShare: number;
  /** The longest time without one frame of the original, in ms. */
  readonly longestGapMs: number;
  /** Mean of the ratio of original to difference in each frame, each held within -10 and 35 dB: the segmental SNR. */
  readonly segmentalSnrDb: number;
}

/** Compares frame by frame; `delayMs` says how much later than in `reference` a moment is in `heard`. */
export function compareFrames(
  reference: Int16Array,
  heard: Int16Array,
  delayMs: (atMs: number) => number,
): FrameFigures {
  let [frames, replaced, missing, gap, longest, snr] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at + FRAME <= reference.length; at += FRAME) {
    const loud = power(reference, at, FRAME);
    if (loud < LEAST_POWER) continue;
    const expected = at + Math.round(delayMs(at / 8) * 8);
    if (expected + FRAME + SLACK > heard.length) break;
    frames += 1;
    const best = bestLikeness(reference, at, heard, expected);
    snr += segmentSnr(best);
    if (best < KEPT) replaced += 1;
    if (power(heard, expected, FRAME) < loud * MISSING) missing += 1;
    gap = best < KEPT ? gap + 1 : 0;
    longest = Math.max(longest, gap);
  }
  const share = (count: number) => (frames === 0 ? 1 : count / frames);
  return {
    frames,
    replacedShare: share(replaced),
    missingShare: share(missing),
    longestGapMs: longest * (FRAME / 8),
    segmentalSnrDb: frames === 0 ? -10 : snr / frames,
  };
}

function bestLikeness(reference: Int16Array, at: number, heard: Int16Array, expected: number): number {
  let best = likeness(reference, at, heard, expected, FRAME);
  for (let off = 1; off <= SLACK && best < 0.99; off += 1) {
    best = Math.max(best, likeness(reference, at, heard, expected + off, FRAME));
    best = Math.max(best, likeness(reference, at, heard, expected - off, FRAME));
  }
  return best;
}

/** The ratio of signal to noise that a correlation stands for, whatever the gain. */
function segmentSnr(correlation: number): number {
  const square = Math.max(0, correlation) ** 2;
  return Math.min(35, Math.max(-10, 10 * Math.log10(square / Math.max(1e-9, 1 - square) + 1e-9)));
}
