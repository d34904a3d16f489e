import { expect, test } from 'vitest';
import type { Settings } from '../agent.ts';
import { defaultCatalogue } from '../catalogue/index.ts';
import { checkAvailability, checkKnown } from './check-availability.ts';

const keyless = defaultCatalogue();
const pointerOf = (field: string): string => `/${field.replace('.', '/')}`;

function availability(
  agent: Settings,
  llm: Settings = {},
  options: { keys?: readonly string[]; saved?: Settings } = {},
) {
  return checkAvailability({
    agent,
    engine: { type: 'retell-llm', settings: llm },
    ...(options.saved === undefined ? {} : { saved_engine: options.saved }),
    catalogue: defaultCatalogue(options.keys ?? []),
    knowledgeBases: new Set(['kb_abc123']),
    pointerOf,
  });
}

test('E5 a voice without a key gives way to the first fallback there is a key for', () => {
  const found = availability(
    { voice_id: '11labs-Adrian', fallback_voice_ids: ['cartesia-Cleo', 'unheard', 'openai-Alloy'] },
    {},
    { keys: ['openai'] },
  );
  expect(found.voice_id).toBe('openai-Alloy');
  expect(found.issues).toMatchObject([
    { severity: 'warning', effect: 'degraded', code: 'voice_without_key', pointer: '/agent/voice_id' },
  ]);
});

test('E5 else the built-in voice of the language, or the first', () => {
  expect(availability({ voice_id: 'unheard', language: 'de-DE' }).voice_id).toBe('builtin-de-de');
  expect(availability({ voice_id: 'unheard', language: ['fr-CA'] }).voice_id).toBe('builtin-fr-fr');
  const other = availability({ voice_id: 'unheard', language: 'cy-GB' });
  expect(other.voice_id).toBe('builtin-en-us');
  expect(other.issues).toMatchObject([{ code: 'unknown_voice', sent: 'unheard' }]);
});

test('E5 a model that is unknown or has no key gives way to the saved one', () => {
  const saved = { model: 'gpt-4.1' };
  const keys = ['openai'];
  expect(availability({}, { model: 'gpt-99' }, { keys, saved })).toMatchObject({
    model: 'gpt-4.1',
    issues: [{ code: 'unknown_model', effect: 'degraded', pointer: '/retell_llm/model' }],
  });
  expect(availability({}, { model: 'claude-5-sonnet' }, { keys, saved })).toMatchObject({
    model: 'gpt-4.1',
    issues: [{ code: 'model_without_key' }],
  });
  expect(availability({}, { model: 'gpt-4o-mini' }, { keys, saved })).toMatchObject({
    model: 'gpt-4o-mini',
    issues: [],
  });
  expect(availability({}, { model: 'gpt-realtime' }, { keys, saved }).model).toBe('gpt-4.1');
});

test('E5 a flow names its model inside model_choice', () => {
  const found = checkAvailability({
    agent: {},
    engine: { type: 'conversation-flow', settings: { model_choice: { type: 'cascading', model: 'gpt-99' } } },
    saved_engine: { model_choice: { type: 'cascading', model: 'gpt-5' } },
    catalogue: keyless,
    knowledgeBases: new Set(),
    pointerOf,
  });
  expect(found).toMatchObject({ model: 'gpt-5', issues: [{ pointer: '/conversation_flow/model_choice/model' }] });
});

test('E5 a knowledge base that does not exist is left out', () => {
  expect(availability({}, { knowledge_base_ids: ['kb_no', 'kb_abc123'] })).toMatchObject({
    knowledge_base_ids: ['kb_abc123'],
    issues: [{ code: 'unknown_knowledge_base', pointer: '/retell_llm/knowledge_base_ids/0', sent: 'kb_no' }],
  });
});

test('E5 a voice model stays only with a voice of its provider', () => {
  const keys = ['elevenlabs'];
  expect(availability({ voice_id: '11labs-Adrian', voice_model: 'eleven_v3' }, {}, { keys }).voice_model).toBe(
    'eleven_v3',
  );
  expect(availability({ voice_id: '11labs-Adrian', voice_model: 'eleven_v3' })).toMatchObject({
    voice_id: 'builtin-en-us',
    voice_model: null,
  });
  expect(availability({ voice_id: '11labs-Adrian', voice_model: 'eleven_v99' }, {}, { keys })).toMatchObject({
    voice_model: null,
    issues: [{ code: 'unknown_voice_model' }],
  });
});

test('E5 create and update take what the catalogue lists, key or no key, and refuse what nobody has heard of', () => {
  const known = (agent: Settings, llm: Settings) =>
    checkKnown({
      agent,
      engine: { type: 'retell-llm', settings: llm },
      catalogue: keyless,
      knowledgeBases: new Set(),
      pointerOf,
    });
  expect(known({ voice_id: '11labs-Adrian' }, { model: 'gpt-4o-mini' }).map((issue) => issue.severity)).toEqual([
    'warning',
    'warning',
  ]);
  const refused = known({ voice_id: 'x', fallback_voice_ids: ['y'] }, { model: 'z', knowledge_base_ids: ['k'] });
  expect(refused.map(({ severity, effect }) => `${severity} ${effect}`)).toEqual(Array(4).fill('error refuses'));
  expect(refused.every((issue) => !issue.message.includes('session'))).toBe(true);
});

test('E5 D9 a mistyped voice or model brings the nearest known one, and the models there are', () => {
  const { issues } = checkAvailability({
    agent: { voice_id: '11labs-Adrain' },
    engine: { type: 'retell-llm', settings: { model: 'gpt4.1' } },
    catalogue: defaultCatalogue(['elevenlabs', 'openai']),
    knowledgeBases: new Set(),
    pointerOf: (field) => `/${field}`,
  });
  expect(issues).toMatchObject([
    { code: 'unknown_voice', rule: 'E5', nearest: '11labs-Adrian', sent: '11labs-Adrain' },
    { code: 'unknown_model', rule: 'E5', nearest: 'gpt-4.1', allowed: expect.arrayContaining(['gpt-4.1']) },
  ]);
  expect(issues[0]?.message).toMatch(/ Did you mean 11labs-Adrian\?$/);
});

test('E5 a model with an endpoint of its own is there whatever the keys of providers, and not there where it cannot be asked', () => {
  const catalogue = defaultCatalogue(['openai']);
  const models = new Map([
    ...catalogue.models,
    ['gpt-4.1', { provider: 'openai', kind: 'llm', available: false }] as const,
  ]);
  models.set('mine', { provider: 'mine', kind: 'llm', available: true });
  const check = (model: string) =>
    checkAvailability({
      ...{
        agent: {},
        engine: { type: 'retell-llm', settings: { model } },
        saved_engine: { model: 'mine' },
      },
      ...{ catalogue: { ...catalogue, models }, knowledgeBases: new Set<string>(), pointerOf },
    });
  expect(check('mine')).toMatchObject({ model: 'mine', issues: [] });
  expect(check('gpt-4.1')).toMatchObject({
    model: 'mine',
    issues: [{ code: 'model_without_key', effect: 'degraded' }],
  });
});
