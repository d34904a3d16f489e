/** A stretch of sound, in ms from the beginning. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** RMS level in dB of full scale: a full-scale sine is about -3, digital silence `-Infinity`. */
export function loudness(samples: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += samples[index]! * samples[index]!;
  return samples.length === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(sum / samples.length / 32_768 ** 2);
}

/**
 * Where something is heard: windows of 20 ms over -45 dBFS, joined across pauses of up to 300 ms; what is shorter than
 * 60 ms is a click and left out.
 */
export function speechSpans(samples: Int16Array, rate: number): Span[] {
  const window = Math.round(rate / 50);
  const spans: { startMs: number; endMs: number }[] = [];
  for (let at = 0; at < samples.length; at += window) {
    if (loudness(samples.subarray(at, at + window)) < -45) continue;
    const startMs = (at / rate) * 1_000;
    const endMs = (Math.min(at + window, samples.length) / rate) * 1_000;
    const last = spans.at(-1);
    if (last !== undefined && startMs - last.endMs <= 300) last.endMs = endMs;
    else spans.push({ startMs, endMs });
  }
  return spans.filter((span) => span.endMs - span.startMs >= 60);
}
