import { type Catalogue, defaultCatalogue, extendCatalogue } from '@pickup/contract';
import Retell, { toFile } from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

test('adding, cloning and searching voices say which key is missing', async () => {
  const { voice } = api.client;
  const recording = await toFile(Buffer.from('RIFF'), 'me.wav');
  const calls: [() => Promise<unknown>, RegExp][] = [
    [() => voice.addResource({ provider_voice_id: 'v', voice_name: 'n' }), /API key of elevenlabs/],
    [() => voice.search({ search_query: 'calm', voice_provider: 'cartesia' }), /API key of cartesia/],
    [() => voice.clone({ files: [recording], voice_name: 'Me', voice_provider: 'minimax' }), /API key of minimax/],
  ];
  for (const [call, message] of calls) {
    await expect(call()).rejects.toThrow(Retell.BadRequestError);
    await expect(call()).rejects.toThrow(message);
  }
});

test('their bodies are checked first', async () => {
  const { voice } = api.client;
  await expect(voice.search({} as Retell.VoiceSearchParams)).rejects.toThrow(/search_query is required/);
  const body = { voice_name: 'Me', voice_provider: 'nobody', files: [] } as unknown as Retell.VoiceCloneParams;
  await expect(voice.clone(body)).rejects.toThrow(/files is required/);
});

test('E5 voices and models are those of the catalogue at the moment', async () => {
  let now = defaultCatalogue();
  const catalogue: Catalogue = {
    get voices() {
      return now.voices;
    },
    get models() {
      return now.models;
    },
    get voice_models() {
      return now.voice_models;
    },
    get available_providers() {
      return now.available_providers;
    },
  };
  const live = await startTestApi({ catalogue });
  try {
    const make = () => makeAgent(live.client, { voice_id: 'mine' });
    await expect(live.client.voice.retrieve('mine')).rejects.toThrow(Retell.UnprocessableEntityError);
    await expect(make()).rejects.toThrow(Retell.UnprocessableEntityError);
    const voice = { voice_id: 'mine', voice_name: 'Mine', provider: 'builtin', gender: 'female' } as const;
    const models = [{ model: 'own', provider: 'builtin', kind: 'llm' as const }];
    now = extendCatalogue(now, { voices: [voice], models, voice_models: [] });
    const shown = { ...voice, provider: 'platform', own_provider: 'builtin' };
    expect(await live.client.voice.retrieve('mine')).toEqual(shown);
    expect(await live.client.voice.list()).toContainEqual(shown);
    expect(await make()).toMatchObject({ voice_id: 'mine' });
    const listed = await (await live.request('/list-models')).json();
    expect(listed).toContainEqual({ model: 'own', kind: 'llm', provider: 'builtin', available: true });
    expect(listed).toContainEqual({ model: 'gpt-4o-mini', kind: 'llm', provider: 'openai', available: false });
    expect(listed).toContainEqual({ model: 'eleven_v3', kind: 'voice', provider: 'elevenlabs', available: false });
  } finally {
    await live.close();
  }
});

test('concurrency has every field of the SDK', async () => {
  expect(await api.client.concurrency.retrieve()).toEqual({
    current_concurrency: 2,
    concurrency_limit: 20,
    base_concurrency: 20,
    purchased_concurrency: 0,
    concurrency_purchase_limit: 0,
    remaining_purchase_limit: 0,
    concurrency_burst_enabled: false,
    concurrency_burst_limit: 0,
    reserved_inbound_concurrency: 0,
  });
});
