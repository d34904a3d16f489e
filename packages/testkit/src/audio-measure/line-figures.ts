import { findClicks } from './clicks.ts';
import { type DelayPoint, delayAt, spokenWindows, trackDelay } from './delay-track.ts';
import { compareFrames, type FrameFigures } from './frames.ts';
import { intelligibility } from './intelligibility.ts';

/** What a line made of speech. */
export interface LineFigures extends FrameFigures {
  /** Of all moments measured. */
  readonly delay: {
    readonly meanMs: number;
    readonly leastMs: number;
    readonly mostMs: number;
    /** How much the delay grew from beginning to end, along the straight line that fits best. */
    readonly driftMs: number;
    /** Share of the windows with speech in which the recording resembles it at any delay. */
    readonly foundShare: number;
  };
  /** After the measure of Taal and others, 0 to 1; see `intelligibility`. */
  readonly intelligibility: number;
  /** Clicks the line added, per minute. */
  readonly clicksPerMinute: number;
}

/** Compares what was said with what was heard: both at 8 kHz and counted from the same moment. */
export function measureLine(reference: Int16Array, heard: Int16Array, mostMs = 600): LineFigures {
  const points = trackDelay(reference, heard, mostMs);
  const delayMs = delayAt(points);
  const minutes = heard.length / 8_000 / 60;
  const clicks = findClicks(heard).length - findClicks(reference.subarray(0, heard.length)).length;
  // The end of what was said has not been heard yet.
  const whole = reference.subarray(0, Math.max(0, heard.length - mostMs * 8));
  return {
    ...compareFrames(whole, heard, delayMs),
    delay: summary(points, spokenWindows(whole).length),
    intelligibility: points.length === 0 ? 0 : intelligibility(whole, heard, delayMs),
    clicksPerMinute: Math.max(0, clicks) / minutes,
  };
}

/** What `measureLine` must say for people to talk over the line in comfort. */
export interface LineLimits {
  readonly leastIntelligibility: number;
  readonly mostReplacedShare: number;
  readonly mostMissingShare: number;
  readonly mostGapMs: number;
  readonly mostDelayMs: number;
  /** From the beginning of what was measured to its end, either way. */
  readonly mostDriftMs: number;
  readonly mostClicksPerMinute: number;
}

/**
 * The limits at 5 % loss.
 *
 * - Intelligibility 0.96. The paper's listeners got nearly every word of a sentence from about 0.8 on, but without effort
 *   only near 1: with concealment 5 % of loss come to 0.99, 10 % to 0.98, 20 % to 0.96 and 30 %, at which nobody stays
 *   on the telephone, to 0.94.
 * - Replaced 10 %: 5 % of the packets hit up to 10 % of the frames, which do not begin where packets do.
 * - Missing 2 %: with nothing to fill the gaps it is at least the 5 % that were lost.
 * - Gap 200 ms: about a syllable, of which listeners restore what is missing from the word around it.
 * - Delay 250 ms one way, 60 ms of it the path's own: ITU-T G.114 finds up to 150 ms good and up to 400 ms acceptable.
 * - Drift 40 ms in all: the control leaves the delay alone within about 45 ms, 200 ppm alone are 120 ms in 10 minutes.
 * - Clicks 12 a minute: one in 5 s is noticed and forgotten; one for each lost packet would be 150 and a crackling line.
 */
export const TALKABLE: LineLimits = {
  leastIntelligibility: 0.96,
  mostReplacedShare: 0.1,
  mostMissingShare: 0.02,
  mostGapMs: 200,
  mostDelayMs: 250,
  mostDriftMs: 40,
  mostClicksPerMinute: 12,
};

/** Which limits are not kept, as sentences; none where the line is good. */
export function judgeLine(figures: LineFigures, limits: LineLimits = TALKABLE): readonly string[] {
  const { delay } = figures;
  const faults: string[] = [];
  const most = (what: string, value: number, limit: number) => {
    if (!(value <= limit)) faults.push(`${what} ${value.toFixed(3)}, at most ${limit}`);
  };
  const { intelligibility: understood } = figures;
  if (!(understood >= limits.leastIntelligibility)) {
    faults.push(`intelligibility ${understood.toFixed(3)}, at least ${limits.leastIntelligibility}`);
  }
  most('replaced share', figures.replacedShare, limits.mostReplacedShare);
  most('missing share', figures.missingShare, limits.mostMissingShare);
  most('longest gap in ms', figures.longestGapMs, limits.mostGapMs);
  most('delay in ms', delay.mostMs, limits.mostDelayMs);
  most('drift in ms', Math.abs(delay.driftMs), limits.mostDriftMs);
  most('clicks a minute', figures.clicksPerMinute, limits.mostClicksPerMinute);
  return faults;
}

function summary(points: readonly DelayPoint[], windows: number): LineFigures['delay'] {
  const delays = points.map((point) => point.delayMs);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanMs, meanAt] = [mean(delays), mean(points.map((point) => point.atMs / 60_000))];
  let [product, square] = [0, 0];
  for (const { atMs, delayMs } of points) {
    product += (atMs / 60_000 - meanAt) * (delayMs - meanMs);
    square += (atMs / 60_000 - meanAt) ** 2;
  }
  return {
    meanMs,
    leastMs: Math.min(...delays),
    mostMs: Math.max(...delays),
    driftMs: square === 0 ? 0 : (product / square) * ((points.at(-1)!.atMs - points[0]!.atMs) / 60_000),
    foundShare: windows === 0 ? 0 : Math.min(1, points.length / windows),
  };
}
