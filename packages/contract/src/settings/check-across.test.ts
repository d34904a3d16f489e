import { describe, expect, test } from 'vitest';
import type { Settings } from '../agent.ts';
import { defaultCatalogue } from '../catalogue/index.ts';
import { checkAcross } from './check-across.ts';

const catalogue = defaultCatalogue();

function across(agent: Settings, options: { only?: readonly string[]; llm?: Settings; partial?: boolean } = {}) {
  return checkAcross({
    agent,
    catalogue,
    ...(options.llm === undefined ? {} : { engine: { type: 'retell-llm', settings: options.llm } }),
    ...(options.only === undefined ? {} : { only: new Set(options.only) }),
    ...(options.partial === undefined ? {} : { partial: options.partial }),
    pointerOf: (field) => `/${field.replace('.', '/')}`,
  });
}

const ELEVEN = { voice_id: '11labs-Adrian' };
const MINIMAX = { voice_id: 'minimax-Max' };

const FAULTS: readonly (readonly [rule: string, agent: Settings, code: string, pointer: string])[] = [
  ['provider speaks the language', { ...ELEVEN, language: 'yue-CN' }, 'voice_language', '/agent/language'],
  ['provider speaks every language', { ...MINIMAX, language: ['en-US', 'kn-IN'] }, 'voice_language', '/agent/language'],
  [
    'model speaks the language',
    { ...ELEVEN, voice_model: 'eleven_flash_v2', language: 'de-DE' },
    'voice_model_language',
    '/agent/language',
  ],
  ['a recogniser takes all languages', { ...ELEVEN, language: ['en-US', 'hy-AM'] }, 'asr_language', '/agent/language'],
  [
    'the pinned recogniser takes the language',
    {
      ...ELEVEN,
      language: 'af-ZA',
      stt_mode: 'custom',
      custom_stt_config: { provider: 'deepgram', endpointing_ms: 10 },
    },
    'asr_language',
    '/agent/language',
  ],
  [
    'azure keeps to one language',
    {
      ...ELEVEN,
      language: ['en-US', 'de-DE'],
      stt_mode: 'custom',
      custom_stt_config: { provider: 'azure', endpointing_ms: 100 },
    },
    'asr_language',
    '/agent/language',
  ],
  [
    'fallbacks are of other providers',
    { ...ELEVEN, fallback_voice_ids: ['openai-Alloy', '11labs-Anna'] },
    'fallback_voice_provider',
    '/agent/fallback_voice_ids/1',
  ],
  [
    'a fallback is not the voice itself',
    { voice_id: 'unheard', fallback_voice_ids: ['unheard'] },
    'fallback_voice_provider',
    '/agent/fallback_voice_ids/0',
  ],
  ['voice_model is of the voice', { ...ELEVEN, voice_model: 'sonic-3' }, 'voice_model_provider', '/agent/voice_model'],
  [
    'voice_emotion is for Cartesia and MiniMax',
    { ...ELEVEN, voice_emotion: 'calm' },
    'voice_emotion_provider',
    '/agent/voice_emotion',
  ],
  ['custom needs its config', { ...ELEVEN, stt_mode: 'custom' }, 'custom_stt_config_required', '/agent/stt_mode'],
  [
    'custom needs more than null',
    { stt_mode: 'custom', custom_stt_config: null },
    'custom_stt_config_required',
    '/agent/stt_mode',
  ],
  [
    'azure waits 100 ms',
    { custom_stt_config: { provider: 'azure', endpointing_ms: 99 } },
    'out_of_range',
    '/agent/custom_stt_config/endpointing_ms',
  ],
  [
    'deepgram waits 10 ms',
    { custom_stt_config: { provider: 'deepgram', endpointing_ms: 9 } },
    'out_of_range',
    '/agent/custom_stt_config/endpointing_ms',
  ],
  [
    'soniox waits 500 ms',
    { custom_stt_config: { provider: 'soniox', endpointing_ms: 499 } },
    'out_of_range',
    '/agent/custom_stt_config/endpointing_ms',
  ],
  [
    'assemblyai waits 3000 ms at most',
    { custom_stt_config: { provider: 'assemblyai', endpointing_ms: 3001 } },
    'out_of_range',
    '/agent/custom_stt_config/endpointing_ms',
  ],
  [
    'pinyin is for MiniMax',
    { ...ELEVEN, pronunciation_dictionary: [{ alphabet: 'pinyin', phoneme: 'a', word: 'b' }] },
    'pronunciation_alphabet',
    '/agent/pronunciation_dictionary/0/alphabet',
  ],
  [
    'jyutping is for speech-2.8-turbo',
    {
      ...MINIMAX,
      voice_model: 'speech-02-turbo',
      pronunciation_dictionary: [{ alphabet: 'jyutping', phoneme: 'a', word: 'b' }],
    },
    'pronunciation_alphabet',
    '/agent/pronunciation_dictionary/0/alphabet',
  ],
];

test.each(FAULTS)('E5 %s', (_rule, agent, code, pointer) => {
  expect(across(agent)).toMatchObject([{ severity: 'error', effect: 'refuses', code, pointer }]);
});

const FINE: readonly (readonly [string, Settings])[] = [
  ['the seed sample', { ...ELEVEN, voice_temperature: 0.6 }],
  ['the least endpointing of each recogniser', { custom_stt_config: { provider: 'soniox', endpointing_ms: 500 } }],
  ['pinyin on MiniMax', { ...MINIMAX, pronunciation_dictionary: [{ alphabet: 'pinyin', phoneme: 'a', word: 'b' }] }],
  [
    'jyutping on its model',
    {
      ...MINIMAX,
      voice_model: 'speech-2.8-turbo',
      pronunciation_dictionary: [{ alphabet: 'jyutping', phoneme: 'a', word: 'b' }],
    },
  ],
  ['a voice nobody knows in any language', { voice_id: 'unheard', language: 'yue-CN', voice_emotion: 'calm' }],
  ['a built-in voice in any language', { voice_id: 'builtin-en-us', language: 'cy-GB' }],
  ['multi', { ...ELEVEN, language: 'multi' }],
  ['fallbacks of other providers', { ...ELEVEN, fallback_voice_ids: ['openai-Alloy', 'cartesia-Cleo', 'unheard'] }],
];

test.each(FINE)('E5 nothing is wrong with %s', (_name, agent) => {
  expect(across(agent)).toEqual([]);
});

describe('E5 rules on an override', () => {
  test('model and s2s_model exclude each other; the one the override set is named', () => {
    const llm = { model: 'gpt-4.1', s2s_model: 'gpt-realtime' };
    expect(across({}, { llm })).toMatchObject([{ code: 'model_exclusive' }]);
    expect(across({}, { llm, only: ['retell_llm.model'] })).toMatchObject([{ pointer: '/retell_llm/model' }]);
    expect(across({}, { llm: { model: null, s2s_model: 'gpt-realtime' } })).toEqual([]);
  });

  test('rules that concern no touched field stay silent', () => {
    const broken = { ...ELEVEN, language: 'yue-CN', stt_mode: 'custom' };
    expect(
      across(broken)
        .map((issue) => issue.code)
        .toSorted(),
    ).toEqual(['custom_stt_config_required', 'voice_language']);
    expect(across(broken, { only: ['agent.voice_speed'] })).toEqual([]);
    expect(across(broken, { only: ['agent.voice_id'] })).toMatchObject([
      { code: 'voice_language', pointer: '/agent/voice_id' },
    ]);
  });

  test('a saved refinement that the new voice cannot use costs nobody the call', () => {
    const saved = { ...ELEVEN, voice_model: 'sonic-3', voice_emotion: 'calm' };
    const found = across(saved, { only: ['agent.voice_id'] });
    expect(found.map(({ severity, effect, pointer }) => [severity, effect, pointer])).toEqual([
      ['warning', 'degraded', '/agent/voice_id'],
      ['warning', 'not_applied', '/agent/voice_id'],
    ]);
  });

  test('without its target an absent field may still be saved there', () => {
    expect(across({ stt_mode: 'custom' }, { partial: true })).toEqual([]);
    expect(across({ stt_mode: 'custom', custom_stt_config: null }, { partial: true })).toHaveLength(1);
  });

  test('E10 what has no effect is said', () => {
    expect(across({ ...ELEVEN, enable_expressive_mode: true })).toMatchObject([
      { severity: 'warning', effect: 'not_applied' },
    ]);
    expect(across({ language: 'de-DE', vocab_specialization: 'medical' })).toMatchObject([{ effect: 'not_applied' }]);
  });
});
