/** A frame this far above the noise floor is speech. */
const ONSET_DB = 10;
/** Once speaking, this far above the floor still is. */
const STAY_DB = 6;
/** Below this nothing is speech, however quiet the line. */
const LEAST_SPEECH_DB = -48;
/** Speech this loud is speech even before the floor is known. */
const FLOOR_START_DB = -62;
const FLOOR_LEAST_DB = -80;
const FLOOR_MOST_DB = -30;
/** The floor follows a louder line slowly, so that speech itself does not become noise. */
const FLOOR_RISE_DB_PER_S = 2;
const FLOOR_FALL_SHARE = 0.3;
/** Speech must last this long to count, so that a click does not interrupt an agent. */
const ONSET_MS = 60;
const HANGOVER_MS = 300;

/** Mean power of samples in dB of full scale; silence is -100. */
export function powerDb(samples: Int16Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += samples[index]! * samples[index]!;
  if (sum === 0) return -100;
  return Math.max(-100, 10 * Math.log10(sum / samples.length / 32_768 ** 2));
}

/**
 * Says when somebody speaks, by energy over an adaptive noise floor: on after 60 ms of speech, off after 300 ms
 * without. Needs frames in order; time is counted by samples at 8 kHz.
 */
export class SpeechDetector {
  #floorDb = FLOOR_START_DB;
  #loudMs = 0;
  #quietMs = 0;
  #speaking = false;

  /** Whether somebody is speaking. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes one frame; `true` or `false` when speech began or ended with it. */
  frame(samples: Int16Array): boolean | undefined {
    if (samples.length === 0) return undefined;
    const lengthMs = samples.length / 8;
    const levelDb = powerDb(samples);
    const threshold = Math.max(LEAST_SPEECH_DB, this.#floorDb + (this.#speaking ? STAY_DB : ONSET_DB));
    this.#follow(levelDb, lengthMs);
    if (levelDb < threshold) return this.#quiet(lengthMs);
    this.#quietMs = 0;
    this.#loudMs += lengthMs;
    if (this.#speaking || this.#loudMs < ONSET_MS) return undefined;
    this.#speaking = true;
    return true;
  }

  #quiet(lengthMs: number): boolean | undefined {
    this.#loudMs = 0;
    this.#quietMs += lengthMs;
    if (!this.#speaking || this.#quietMs < HANGOVER_MS) return undefined;
    this.#speaking = false;
    return false;
  }

  #follow(levelDb: number, lengthMs: number): void {
    const share = levelDb < this.#floorDb ? FLOOR_FALL_SHARE : 0;
    const fallen = this.#floorDb + (levelDb - this.#floorDb) * share;
    const risen = share === 0 ? Math.min(levelDb, fallen + (FLOOR_RISE_DB_PER_S * lengthMs) / 1_000) : fallen;
    this.#floorDb = Math.min(FLOOR_MOST_DB, Math.max(FLOOR_LEAST_DB, risen));
  }
}
