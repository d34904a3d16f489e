/** espeak-ng as a function from text to telephone audio. */
import loadEspeak from '@echogarden/espeak-ng-emscripten';
import { createResampler } from './resample.ts';
import { trimSilence } from './trim-silence.ts';

/** Samples per second of what comes out: what a telephone line carries. */
export const OUTPUT_RATE = 8_000;

/** Longest text of one request in UTF-16 units: about three minutes of speech, a few hundred ms of work. */
export const MAX_TEXT = 3_000;

/** Words a minute at speed 1. */
const NORMAL_RATE = 175;
/** Silence left at both ends. */
const KEPT_SILENCE_MS = 10;

export type Spoken =
  | { readonly ok: true; readonly samples: Int16Array }
  | { readonly ok: false; readonly error: string };

export interface Synthesiser {
  /** `voice` is an espeak voice or language (`en-us`, `de`, `en-gb+f3`); `speed` 0.5 to 2. */
  speak(text: string, voice: string, speed: number): Spoken;
}

/** Loads the engine: 150 to 300 ms. */
export async function createSynthesiser(): Promise<Synthesiser> {
  const engine = await new (await loadEspeak()).eSpeakNGWorker();
  const resample = createResampler(engine.get_samplerate(), OUTPUT_RATE);
  return {
    speak(text, voice, speed) {
      if (text.length > MAX_TEXT) return { ok: false, error: `text longer than ${MAX_TEXT} characters` };
      if (engine.set_voice(voice) !== 0) return { ok: false, error: `no voice ${voice}` };
      engine.set_rate(Math.round(NORMAL_RATE * speed));
      const pieces: Int16Array[] = [];
      engine.synthesize(asPlainText(text), (pcm) => {
        if (pcm && pcm.length > 0) pieces.push(pcm);
        return false;
      });
      return { ok: true, samples: trimSilence(resample(joined(pieces)), (OUTPUT_RATE * KEPT_SILENCE_MS) / 1_000) };
    },
  };
}

/** The engine reads SSML and `[[phonemes]]`; a caller's name must not be able to use either. */
function asPlainText(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .replaceAll('[[', '[ [')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function joined(pieces: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
