/** Samples made louder or softer, cut at full scale; 1 gives back the same array, which is not written to. */
export function applyVolume(samples: Int16Array, volume: number): Int16Array {
  if (volume === 1) return samples;
  return samples.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * volume))));
}
