import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultCatalogue } from './default-catalogue.ts';
import { extendCatalogue, parseCatalogueExtension } from './parse-extension.ts';

const facts = JSON.parse(readFileSync(new URL('../../test-data/override-fields.json', import.meta.url), 'utf8'));

test('E5 the default catalogue has every model of the facts and what the seed names', () => {
  const catalogue = defaultCatalogue(['openai']);
  const { llm_model, s2s_model, voice_model } = facts._meta.enums;
  for (const model of [...llm_model, 'gpt-4o-mini', 'gpt-4o']) expect(catalogue.models.get(model)?.kind).toBe('llm');
  for (const model of s2s_model) expect(catalogue.models.get(model)).toEqual({ provider: 'openai', kind: 's2s' });
  for (const model of voice_model) expect(catalogue.voice_models.has(model)).toBe(true);
  for (const [provider, models] of Object.entries(facts._meta.compat.voice_models)) {
    if (Array.isArray(models)) for (const model of models) expect(catalogue.voice_models.get(model)).toBe(provider);
  }
  expect(catalogue.voices.get('11labs-Adrian')?.provider).toBe('elevenlabs');
  expect(catalogue.voices.get('builtin-en-us')?.provider).toBe('builtin');
  expect([...catalogue.available_providers]).toEqual(['builtin', 'openai']);
});

test('E5 an operator adds voices and models without changing the default', () => {
  const { extension, issues } = parseCatalogueExtension({
    voices: [{ voice_id: 'my-voice', provider: 'mine', gender: 'female' }],
    models: [{ model: 'llama-9', provider: 'mine' }],
    voice_models: [{ voice_model: 'mine-1', provider: 'mine' }],
  });
  expect(issues).toEqual([]);
  const base = defaultCatalogue();
  const extended = extendCatalogue(base, extension);
  expect(extended.voices.get('my-voice')).toEqual({
    voice_id: 'my-voice',
    voice_name: 'my-voice',
    provider: 'mine',
    gender: 'female',
  });
  expect(extended.models.get('llama-9')).toEqual({ provider: 'mine', kind: 'llm' });
  expect(extended.voice_models.get('mine-1')).toBe('mine');
  expect(base.voices.has('my-voice')).toBe(false);
});

test('E5 every fault of the file is named with its place', () => {
  const { extension, issues } = parseCatalogueExtension({
    voices: [
      { voice_id: 'a' },
      7,
      { voice_id: 'b', provider: 'p', gender: 'robot', acent: 'x' },
      { voice_id: 'c', provider: 'p' },
    ],
    models: {},
    voice: [],
  });
  expect(issues.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
    'required /voices/0',
    'wrong_type /voices/1',
    'not_allowed_value /voices/2/gender',
    'unknown_field /voices/2/acent',
    'wrong_type /models',
    'unknown_field /voice',
  ]);
  expect(extension.voices.map((voice) => voice.voice_id)).toEqual(['c']);
  expect(parseCatalogueExtension([]).issues).toHaveLength(1);
});

test('E5 a model may have an endpoint of its own, with the variable of its key and its name there', () => {
  const entry = {
    provider: 'mine',
    base_url: 'http://10.0.0.7:8000/v1/',
    api_key_env: 'MY_KEY',
    provider_model: 'meta/llama-9',
  };
  const { extension, issues } = parseCatalogueExtension({ models: [{ model: 'llama-9', ...entry }] });
  expect(issues).toEqual([]);
  expect(extendCatalogue(defaultCatalogue(), extension).models.get('llama-9')).toEqual({
    ...entry,
    base_url: 'http://10.0.0.7:8000/v1',
    kind: 'llm',
  });
  for (const base_url of ['ftp://x', 'http://user:pw@x/v1', 'https://x/v1?key=1', 'x', '']) {
    const found = parseCatalogueExtension({ models: [{ model: 'm', provider: 'p', base_url }] }).issues;
    expect(found.map(({ pointer }) => pointer)).toEqual(['/models/0/base_url']);
  }
});
