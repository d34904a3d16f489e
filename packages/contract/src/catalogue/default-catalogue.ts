/** The voices and models a fresh gateway knows. Open: an operator's file adds to it (E5). */
import type { Catalogue, CatalogueModel, Voice } from '../agent.ts';
import { LLM_MODELS, S2S_MODELS } from '../settings/values.ts';

const BUILTIN: readonly (readonly [locale: string, accent: string])[] = [
  ['en-us', 'American'],
  ['en-gb', 'British'],
  ['de-de', 'German'],
  ['es-es', 'Spanish'],
  ['es-419', 'Latin American'],
  ['fr-fr', 'French'],
  ['it-it', 'Italian'],
  ['pt-br', 'Brazilian'],
  ['pt-pt', 'Portuguese'],
  ['nl-nl', 'Dutch'],
  ['pl-pl', 'Polish'],
  ['sv-se', 'Swedish'],
  ['da-dk', 'Danish'],
  ['no-no', 'Norwegian'],
  ['fi-fi', 'Finnish'],
  ['cs-cz', 'Czech'],
  ['sk-sk', 'Slovak'],
  ['sl-si', 'Slovenian'],
  ['hu-hu', 'Hungarian'],
  ['ro-ro', 'Romanian'],
  ['bg-bg', 'Bulgarian'],
  ['hr-hr', 'Croatian'],
  ['el-gr', 'Greek'],
  ['tr-tr', 'Turkish'],
  ['uk-ua', 'Ukrainian'],
  ['ru-ru', 'Russian'],
  ['hi-in', 'Indian'],
  ['id-id', 'Indonesian'],
  ['vi-vn', 'Vietnamese'],
  ['ca-es', 'Catalan'],
];

const PROVIDERS_BY_PREFIX: Readonly<Record<string, string>> = {
  '11labs': 'elevenlabs',
  openai: 'openai',
  cartesia: 'cartesia',
  minimax: 'minimax',
  fish: 'fish_audio',
  inworld: 'inworld',
  retell: 'platform',
};

const HOSTED: readonly (readonly [voiceId: string, gender: 'male' | 'female', accent: string])[] = [
  ['11labs-Adrian', 'male', 'American'],
  ['11labs-Anna', 'female', 'American'],
  ['11labs-Anthony', 'male', 'British'],
  ['11labs-Brian', 'male', 'American'],
  ['11labs-Dorothy', 'female', 'British'],
  ['11labs-Lily', 'female', 'American'],
  ['11labs-Myra', 'female', 'American'],
  ['openai-Alloy', 'female', 'American'],
  ['openai-Echo', 'male', 'American'],
  ['openai-Nova', 'female', 'American'],
  ['openai-Onyx', 'male', 'American'],
  ['openai-Shimmer', 'female', 'American'],
  ['cartesia-Adam', 'male', 'American'],
  ['cartesia-Cleo', 'female', 'American'],
  ['minimax-Cimo', 'female', 'American'],
  ['minimax-Max', 'male', 'American'],
  ['fish-Sarah', 'female', 'American'],
  ['inworld-Ashley', 'female', 'American'],
  ['retell-Cimo', 'female', 'American'],
  ['retell-Marissa', 'female', 'American'],
];

/** Models named in older documentation and samples that the present lists leave out. */
const OLDER_MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-4',
  'gpt-4-turbo',
  'gpt-3.5-turbo',
  'claude-3.5-sonnet',
  'claude-3-haiku',
  'claude-3.5-haiku',
  'claude-3.7-sonnet',
  'claude-4.0-sonnet',
  'gemini-2.0-flash',
  'gemini-2.0-flash-lite',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
];
const OLDER_S2S_MODELS = ['gpt-4o-realtime', 'gpt-4o-mini-realtime'];

const VOICE_MODELS_BY_PROVIDER: Readonly<Record<string, readonly string[]>> = {
  elevenlabs: [
    'eleven_flash_v2',
    'eleven_flash_v2_5',
    'eleven_multilingual_v2',
    'eleven_v3',
    'eleven_turbo_v2',
    'eleven_turbo_v2_5',
  ],
  cartesia: ['sonic-3', 'sonic-3-latest', 'sonic-3.5', 'sonic-3.6'],
  openai: ['tts-1', 'gpt-4o-mini-tts'],
  minimax: ['speech-02-turbo', 'speech-2.8-turbo'],
  fish_audio: ['s1', 's2-pro', 's2.1-pro'],
  inworld: ['inworld-tts-2', 'inworld-tts-2-flash'],
};

function modelProvider(model: string): string {
  if (model.startsWith('claude')) return 'anthropic';
  return model.startsWith('gemini') ? 'google' : 'openai';
}

function builtinVoices(): Voice[] {
  const voice = (id: string, accent: string, gender: 'male' | 'female'): Voice => ({
    voice_id: id,
    voice_name: `Built-in ${accent} ${gender}`,
    provider: 'builtin',
    gender,
    accent,
  });
  return BUILTIN.flatMap(([locale, accent]) => [
    voice(`builtin-${locale}`, accent, 'male'),
    voice(`builtin-${locale}-f3`, accent, 'female'),
  ]);
}

function hostedVoices(): Voice[] {
  return HOSTED.map(([voiceId, gender, accent]) => {
    const dash = voiceId.indexOf('-');
    return {
      voice_id: voiceId,
      voice_name: voiceId.slice(dash + 1),
      provider: PROVIDERS_BY_PREFIX[voiceId.slice(0, dash)]!,
      gender,
      accent,
    };
  });
}

/**
 * The catalogue of a fresh gateway. `availableProviders`: those there is a key for; `builtin` needs none and is
 * always in. Default: no keys.
 */
export function defaultCatalogue(availableProviders: Iterable<string> = []): Catalogue {
  const voices = new Map([...builtinVoices(), ...hostedVoices()].map((voice) => [voice.voice_id, voice]));
  const models = new Map<string, CatalogueModel>();
  for (const model of [...LLM_MODELS, ...OLDER_MODELS])
    models.set(model, { provider: modelProvider(model), kind: 'llm' });
  for (const model of [...S2S_MODELS, ...OLDER_S2S_MODELS]) models.set(model, { provider: 'openai', kind: 's2s' });
  const voiceModels = new Map<string, string>();
  for (const [provider, names] of Object.entries(VOICE_MODELS_BY_PROVIDER)) {
    for (const name of names) voiceModels.set(name, provider);
  }
  return {
    voices,
    models,
    voice_models: voiceModels,
    available_providers: new Set(['builtin', ...availableProviders]),
  };
}

let shipped: Catalogue | undefined;

/** `defaultCatalogue()` without keys, made once. */
export function shippedCatalogue(): Catalogue {
  shipped ??= defaultCatalogue();
  return shipped;
}
