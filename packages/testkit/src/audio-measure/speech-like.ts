/**
 * A made-up speaker: syllables of a consonant and a vowel in sentences with pauses, from a seed. It says nothing, but
 * has what matters to a line: a gliding pitch, formants, noise and silence, and it never repeats itself, so that every
 * moment of a recording can be told from every other.
 */
const RATE = 8_000;
/** Formants in Hz of a, e, i, o, u and a murmured vowel, after the usual tables for adults. */
const VOWELS: readonly (readonly [number, number, number])[] = [
  [730, 1_090, 2_440],
  [530, 1_840, 2_480],
  [270, 2_290, 3_010],
  [570, 840, 2_410],
  [300, 870, 2_240],
  [500, 1_500, 2_500],
];
const BANDWIDTHS = [80, 110, 170] as const;
const PEAK = 12_000;

interface Syllable {
  readonly noise: number;
  readonly voiced: number;
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  readonly pitch: readonly [number, number];
  readonly loud: number;
  readonly pause: number;
}

/** `seconds` of it at 8 kHz. `random` gives numbers in [0, 1): a seeded one for the same speech each time. */
export function speechLike(seconds: number, random: () => number): Int16Array {
  const raw = new Float64Array(Math.round(seconds * RATE));
  let left = 0;
  for (let at = 0; at < raw.length; ) {
    if (left === 0) left = 6 + Math.floor(random() * 9);
    left -= 1;
    const syllable = drawSyllable(random, left === 0);
    writeSyllable(raw.subarray(at), syllable, random);
    at += syllable.noise + syllable.voiced + syllable.pause;
  }
  let most = 1;
  for (const sample of raw) most = Math.max(most, Math.abs(sample));
  return Int16Array.from(raw, (sample) => (sample / most) * PEAK);
}

function drawSyllable(random: () => number, last: boolean): Syllable {
  const between = (least: number, most: number) => least + (most - least) * random();
  const vowel = () => VOWELS[Math.floor(random() * VOWELS.length)]!;
  const pitch = between(110, 190);
  return {
    noise: Math.round(between(0.02, 0.08) * RATE),
    voiced: Math.round(between(0.09, 0.22) * RATE),
    from: vowel(),
    to: vowel(),
    pitch: [pitch, pitch * between(0.85, 1.12)],
    loud: between(0.5, 1),
    pause: Math.round((last ? between(0.3, 0.7) : between(0, 0.05)) * RATE),
  };
}

function writeSyllable(target: Float64Array, syllable: Syllable, random: () => number): void {
  const { noise, voiced, loud } = syllable;
  let before = 0;
  for (let index = 0; index < Math.min(noise, target.length); index += 1) {
    const white = random() * 2 - 1;
    // The difference of white noise is bright, as fricatives are.
    target[index] = (white - before) * 0.12 * loud * Math.sin((Math.PI * index) / noise);
    before = white;
  }
  const resonators = BANDWIDTHS.map((bandwidth) => new Resonator(bandwidth));
  let phase = 1;
  for (let index = 0; index < voiced && noise + index < target.length; index += 1) {
    const share = index / voiced;
    phase += (syllable.pitch[0] + (syllable.pitch[1] - syllable.pitch[0]) * share) / RATE;
    let sound = phase >= 1 ? 1 : 0;
    if (phase >= 1) phase -= 1;
    for (const [which, resonator] of resonators.entries()) {
      sound = resonator.next(sound, syllable.from[which]! + (syllable.to[which]! - syllable.from[which]!) * share);
    }
    target[noise + index] = sound * loud * Math.min(1, share * 8, (1 - share) * 5);
  }
}

/** A peak of the vocal tract: two poles, unity gain at 0 Hz. */
class Resonator {
  readonly #radius: number;
  #last = 0;
  #before = 0;

  constructor(bandwidth: number) {
    this.#radius = Math.exp((-Math.PI * bandwidth) / RATE);
  }

  next(input: number, frequency: number): number {
    const near = 2 * this.#radius * Math.cos((2 * Math.PI * frequency) / RATE);
    const far = -this.#radius * this.#radius;
    const output = (1 - near - far) * input + near * this.#last + far * this.#before;
    this.#before = this.#last;
    this.#last = output;
    return output;
  }
}
