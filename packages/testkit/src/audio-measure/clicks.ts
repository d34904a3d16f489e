/** A bend of the waveform so many times as sharp as the sharpest other one around it is a click. */
const SHARPER = 3;
/** Bends below this (of 32,768) are not heard. */
const LEAST = 600;
/** What lies this near belongs to the click itself. */
const OWN = 3;
/** How far around is compared: 10 ms, a pitch period of a low voice. */
const AROUND = 80;

/** Where the waveform breaks, in samples: joins that do not fit. Speech itself has hardly any. */
export function findClicks(samples: Int16Array): readonly number[] {
  const bends = Float32Array.from(samples, (sample, at) =>
    at < 2 ? 0 : Math.abs(sample - 2 * samples[at - 1]! + samples[at - 2]!),
  );
  const clicks: number[] = [];
  for (let at = 2; at < bends.length; at += 1) {
    const bend = bends[at]!;
    if (bend < LEAST || (clicks.length > 0 && at - clicks.at(-1)! < AROUND)) continue;
    if (bend > SHARPER * sharpestAround(bends, at)) clicks.push(at);
  }
  return clicks;
}

function sharpestAround(bends: Float32Array, at: number): number {
  let most = 0;
  const end = Math.min(bends.length, at + AROUND);
  for (let index = Math.max(0, at - AROUND); index < end; index += 1) {
    if (Math.abs(index - at) > OWN && bends[index]! > most) most = bends[index]!;
  }
  return most;
}
