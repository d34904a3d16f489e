/** The offline voice: a process of its own, and a cache of what it said. */
export { DEFAULT_BUILTIN_VOICE, espeakLanguage, espeakVoice } from './builtin-voices.ts';
export { createOfflineVoice, type OfflineVoiceOptions } from './offline-voice.ts';
export type { OfflineVoice, SpeechError, SpeechRequest, SpeechResult } from './port.ts';
export {
  createSentenceCache,
  type SentenceCacheOptions,
  type SpeakRequest,
  type Speech,
  type Spoken,
} from './sentence-cache.ts';
export type { VoiceCommand } from './voice-program.ts';
