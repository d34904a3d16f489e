/** How the agent sounds, listens and takes turns: Retell's override type, ranges of its docstrings and specification. */
import type { z } from 'zod';
import { choice, type Field, field, flag, integer, list, nullable, number, required, shape, text } from './field.ts';
import { AMBIENT_SOUNDS, ASR_PROVIDERS, EMOTION_TAGS, LANGUAGES, VOICE_EMOTIONS } from './values.ts';

const oneLanguage = choice([...LANGUAGES, 'multi']);
const manyLanguages = list(choice(LANGUAGES), { min: 1, unique: true });

/** A locale, a list of locales, or the old `multi` (never inside a list). */
export function languageSchema(value: unknown): z.ZodType {
  return Array.isArray(value) ? manyLanguages : oneLanguage;
}

/** Voice, hearing and pace. Voice ids and voice models are open lists (E5). */
export const VOICE_FIELDS: Readonly<Record<string, Field>> = {
  voice_id: required(field(text())),
  voice_model: nullable(text()),
  fallback_voice_ids: nullable(list(text())),
  voice_temperature: field(number({ min: 0, max: 2 })),
  voice_speed: field(number({ min: 0.5, max: 2 })),
  voice_emotion: nullable(choice(VOICE_EMOTIONS)),
  volume: field(number({ min: 0, max: 2 })),
  enable_dynamic_voice_speed: field(flag()),
  enable_expressive_mode: field(flag()),
  expressive_emotion_tags: field(list(choice(EMOTION_TAGS), { unique: true })),
  expressive_mode_prompt: nullable(text()),
  ambient_sound: nullable(choice(AMBIENT_SOUNDS)),
  ambient_sound_volume: field(number({ min: 0, max: 2 })),
  language: field(languageSchema),
  pronunciation_dictionary: nullable(
    list(shape({ alphabet: choice(['ipa', 'cmu', 'pinyin', 'jyutping']), phoneme: text(), word: text() })),
  ),
  boosted_keywords: nullable(list(text())),
  stt_mode: field(choice(['fast', 'accurate', 'custom'])),
  custom_stt_config: nullable(
    shape({ endpointing_ms: integer({ min: 0, unit: 'ms' }), provider: choice(ASR_PROVIDERS) }),
  ),
  vocab_specialization: field(choice(['general', 'medical'])),
  denoising_mode: field(choice(['no-denoise', 'noise-cancellation', 'noise-and-background-speech-cancellation'])),
  responsiveness: field(number({ min: 0, max: 1 })),
  enable_dynamic_responsiveness: field(flag()),
  interruption_sensitivity: field(number({ min: 0, max: 1 })),
  enable_backchannel: field(flag()),
  backchannel_frequency: field(number({ min: 0, max: 1 })),
  backchannel_words: nullable(list(text())),
};
