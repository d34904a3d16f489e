/** Below this, a sample counts as silence (about −50 dB). */
const FLOOR = 100;
const FADE_SAMPLES = 40;

/**
 * Cuts silence from both ends, leaving `keep` samples of it, so that pieces can be joined with pauses of the
 * host's choosing; the cut ends are faded so that none clicks.
 */
export function trimSilence(samples: Int16Array, keep: number): Int16Array {
  let start = 0;
  let end = samples.length;
  while (start < end && Math.abs(samples[start] as number) < FLOOR) start++;
  while (end > start && Math.abs(samples[end - 1] as number) < FLOOR) end--;
  if (start === end) return new Int16Array(0);
  const cut = samples.slice(Math.max(0, start - keep), Math.min(samples.length, end + keep));
  const fade = Math.min(FADE_SAMPLES, cut.length >> 1);
  for (let at = 0; at < fade; at++) {
    cut[at] = Math.round(((cut[at] as number) * at) / fade);
    const last = cut.length - 1 - at;
    cut[last] = Math.round(((cut[last] as number) * at) / fade);
  }
  return cut;
}
