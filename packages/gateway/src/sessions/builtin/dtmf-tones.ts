/** Keys as sound (ITU-T Q.23), for lines that carry nothing but sound. */

const ROWS_HZ = [697, 770, 852, 941] as const;
const COLUMNS_HZ = [1_209, 1_336, 1_477, 1_633] as const;
const KEYS = '123A456B789C*0#D';
const SAMPLES_PER_MS = 8;
/** Q.24 asks receivers to take 40 ms; people's machines are happier with more. */
const TONE_MS = 120;
const GAP_MS = 80;
/** Each of both tones, of 32,767. */
const AMPLITUDE = 7_000;

/** Signed 16-bit mono at 8,000 Hz; keys that a telephone does not have are left out. */
export function dtmfTones(keys: string): Int16Array {
  const known = [...keys].map((key) => KEYS.indexOf(key)).filter((index) => index >= 0);
  const each = (TONE_MS + GAP_MS) * SAMPLES_PER_MS;
  const samples = new Int16Array(known.length * each);
  for (const [place, index] of known.entries()) {
    const row = ROWS_HZ[index >> 2] ?? 0;
    const column = COLUMNS_HZ[index & 3] ?? 0;
    for (let at = 0; at < TONE_MS * SAMPLES_PER_MS; at++) {
      const radians = (2 * Math.PI * at) / (SAMPLES_PER_MS * 1_000);
      samples[place * each + at] = Math.round(AMPLITUDE * (Math.sin(row * radians) + Math.sin(column * radians)));
    }
  }
  return samples;
}
