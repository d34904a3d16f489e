import { defaultCatalogue, extendCatalogue } from '@pickup/contract';
import { type ModelEndpoint, startModelEndpoint } from '@pickup/testkit/model';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../runners/clock.ts';
import { createModelDirectory, hasKey, type ModelSetup } from './model-directory.ts';

const OPENAI: ModelSetup = { baseUrl: 'https://api.openai.com/v1', isOwnEndpoint: false };
const endpoints: ModelEndpoint[] = [];
afterEach(() => Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close())));

const own = { model: 'llama-9', provider: 'mine', kind: 'llm', provider_model: 'meta/llama-9' } as const;
function directory(setup: ModelSetup, env: Readonly<Record<string, string>>, entry: object = {}) {
  const models = [{ ...own, ...entry }];
  const catalogue = extendCatalogue(defaultCatalogue(), { voices: [], models, voice_models: [] });
  const read = (name: string) => env[name];
  const deps = { catalogue: () => catalogue, setup, env: read, clock: systemClock, random: () => 0 };
  return { directory: createModelDirectory(deps), model: catalogue.models.get('llama-9')!, read };
}

test('E5 what is missing is named: a key, the variable of a key, a model that nobody knows', () => {
  const { directory: none } = directory(OPENAI, {}, { api_key_env: 'MY_KEY', base_url: 'http://127.0.0.1:1/v1' });
  expect(none.find('gpt-4.1')).toEqual({ missing: expect.stringMatching(/gpt-4\.1 needs a key: set OPENAI_API_KEY/) });
  expect(none.find('llama-9')).toEqual({ missing: 'the model llama-9 needs a key: set MY_KEY' });
  expect(none.find('nothing')).toEqual({ missing: expect.stringMatching(/not in the catalogue/) });
  expect(none.find('gpt-realtime')).toEqual({ missing: expect.stringMatching(/speech-to-speech/) });
});

test('E5 one key serves every text model; an endpoint of the operator’s may go without', () => {
  const withKey = directory({ ...OPENAI, apiKey: 'sk' }, {});
  expect(withKey.directory.find('claude-4.5-sonnet')).toHaveProperty('ask');
  expect(hasKey(withKey.model, { ...OPENAI, apiKey: 'sk' }, withKey.read)).toBe(true);
  const local = { baseUrl: 'http://127.0.0.1:11434/v1', isOwnEndpoint: true };
  expect(directory(local, {}).directory.find('gpt-4.1')).toHaveProperty('ask');
});

test('a model of its own endpoint is asked there, by its name there, with its own key and never with the general one', async () => {
  const endpoint = await startModelEndpoint({});
  endpoints.push(endpoint);
  const setup = { ...OPENAI, apiKey: 'sk-general' };
  const ask = async (env: Readonly<Record<string, string>>, entry: object) => {
    const found = directory(setup, env, { base_url: endpoint.baseUrl, ...entry }).directory.find('llama-9');
    if ('missing' in found) throw new Error(found.missing);
    const request = { model: 'llama-9', messages: [{ role: 'user', content: 'Hi' }] } as const;
    expect(await found.ask(request, new AbortController().signal)).toMatchObject({ ok: true });
  };
  await ask({ MY_KEY: 'sk-own' }, { api_key_env: 'MY_KEY' });
  await ask({}, {});
  const [first, second] = endpoint.requests;
  expect(first).toMatchObject({ model: 'meta/llama-9', headers: { authorization: 'Bearer sk-own' } });
  expect(second?.headers).not.toHaveProperty('authorization');
});
