/** Closed lists of values, and the open lists of models a fresh catalogue starts with. */

/** Locales of an agent. */
export const LANGUAGES = [
  'en-US',
  'en-IN',
  'en-GB',
  'en-AU',
  'en-NZ',
  'de-DE',
  'es-ES',
  'es-419',
  'hi-IN',
  'fr-FR',
  'fr-CA',
  'ja-JP',
  'pt-PT',
  'pt-BR',
  'zh-CN',
  'ru-RU',
  'it-IT',
  'ko-KR',
  'nl-NL',
  'nl-BE',
  'pl-PL',
  'tr-TR',
  'vi-VN',
  'ro-RO',
  'bg-BG',
  'ca-ES',
  'th-TH',
  'da-DK',
  'fi-FI',
  'el-GR',
  'hu-HU',
  'id-ID',
  'no-NO',
  'sk-SK',
  'sv-SE',
  'lt-LT',
  'lv-LV',
  'cs-CZ',
  'ms-MY',
  'af-ZA',
  'ar-SA',
  'az-AZ',
  'bs-BA',
  'cy-GB',
  'fa-IR',
  'fil-PH',
  'gl-ES',
  'he-IL',
  'hr-HR',
  'hy-AM',
  'is-IS',
  'kk-KZ',
  'kn-IN',
  'mk-MK',
  'mr-IN',
  'ne-NP',
  'sl-SI',
  'sr-RS',
  'sw-KE',
  'ta-IN',
  'ur-IN',
  'yue-CN',
  'uk-UA',
] as const;

/** Retell's voice models; open, see the catalogue (E5). */
export const VOICE_MODELS = [
  'eleven_flash_v2',
  'eleven_flash_v2_5',
  'eleven_multilingual_v2',
  'eleven_v3',
  'sonic-3',
  'sonic-3-latest',
  'sonic-3.5',
  'sonic-3.6',
  'tts-1',
  'gpt-4o-mini-tts',
  'speech-02-turbo',
  'speech-2.8-turbo',
  's1',
  's2-pro',
  's2.1-pro',
  'inworld-tts-2',
  'inworld-tts-2-flash',
] as const;

/** Retell's models of today; open (E5). */
export const LLM_MODELS = [
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'gpt-5.1',
  'gpt-5.2',
  'gpt-5.4',
  'gpt-5.4-mini',
  'gpt-5.4-nano',
  'gpt-5.5',
  'gpt-5.6-terra',
  'gpt-5.6-luna',
  'claude-4.5-sonnet',
  'claude-4.6-sonnet',
  'claude-5-sonnet',
  'claude-4.5-haiku',
  'gemini-3.0-flash',
  'gemini-3.1-flash-lite',
  'gemini-3.5-flash',
  'gemini-3.5-flash-lite',
  'gemini-3.6-flash',
] as const;

/** Retell's speech-to-speech models; open (E5). */
export const S2S_MODELS = [
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-realtime-2',
  'gpt-realtime-1.5',
  'gpt-realtime',
  'gpt-realtime-mini',
] as const;

/** Background sounds. */
export const AMBIENT_SOUNDS = [
  'coffee-shop',
  'convention-hall',
  'summer-outdoor',
  'mountain-outdoor',
  'static-noise',
  'call-center',
] as const;

/** Emotions of a voice (Cartesia and MiniMax). */
export const VOICE_EMOTIONS = ['calm', 'sympathetic', 'happy', 'sad', 'angry', 'fearful', 'surprised'] as const;

/** What can be scrubbed after a call. */
export const PII_CATEGORIES = [
  'person_name',
  'address',
  'email',
  'phone_number',
  'ssn',
  'passport',
  'driver_license',
  'credit_card',
  'bank_account',
  'password',
  'pin',
  'medical_id',
  'date_of_birth',
  'customer_account_number',
] as const;

/** Events of a voice agent. */
export const CALL_EVENTS = [
  'call_started',
  'call_ended',
  'call_analyzed',
  'transcript_updated',
  'transfer_started',
  'transfer_bridged',
  'transfer_cancelled',
  'transfer_ended',
] as const;

/** Events of a chat agent. */
export const CHAT_EVENTS = ['chat_started', 'chat_ended', 'chat_analyzed', 'transcript_updated'] as const;

/** Speech recognisers of `custom_stt_config`. */
export const ASR_PROVIDERS = ['azure', 'deepgram', 'soniox', 'assemblyai'] as const;

/** Marks of an expressive voice. */
export const EMOTION_TAGS = [
  'empathetic',
  'excited',
  'happy',
  'curious',
  'surprised',
  'sigh',
  'clear throat',
  'pause',
  'long pause',
  'emphasis',
] as const;

/** Topics a guardrail looks for in what the agent says. */
export const OUTPUT_TOPICS = [
  'harassment',
  'self_harm',
  'sexual_exploitation',
  'violence',
  'defense_and_national_security',
  'illicit_and_harmful_activity',
  'gambling',
  'regulated_professional_advice',
  'child_safety_and_exploitation',
] as const;

/** Switches of `handbook_config`. */
export const HANDBOOK_SWITCHES = [
  'ai_disclosure',
  'conversational_personality',
  'default_personality',
  'echo_verification',
  'high_empathy',
  'nato_phonetic_alphabet',
  'natural_filler_words',
  'scope_boundaries',
  'smart_matching',
  'speech_normalization',
] as const;
