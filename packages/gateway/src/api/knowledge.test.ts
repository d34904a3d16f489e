import { Readable } from 'node:stream';
import Retell, { toFile } from 'retell-sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type PageServer, page, startPageServer } from '../../test/start-page-server.ts';
import { READ_KEY, startTestApi, type TestApi } from '../../test/start-test-api.ts';

const PATIENT = { timeout: 10_000, interval: 10 };
let api: TestApi;
let pages: PageServer;

beforeEach(async () => {
  pages = await startPageServer();
  pages.pages.set('/hours', page('<title>Hours</title><p>We open at nine.</p>'));
  api = await startTestApi();
});
afterEach(async () => {
  await api.close();
  await pages.close();
});

const complete = (id: string) =>
  vi.waitFor(async () => {
    const base = await api.client.knowledgeBase.retrieve(id);
    expect(base.status).toMatch(/^(complete|error)$/);
    return base;
  }, PATIENT);

async function search(id: string, query: string, over: object = {}) {
  const response = await api.post(`/search-knowledge-base/${id}`, { query, ...over });
  expect(response.status).toBe(200);
  return ((await response.json()) as { results: { content: string }[] }).results;
}

test('the SDK makes one from texts, files and URLs, and what they say is found', async () => {
  const made = await api.client.knowledgeBase.create({
    knowledge_base_name: 'Shop',
    knowledge_base_texts: [{ title: 'Parking', text: 'Free, behind the house.' }],
    knowledge_base_urls: [`${pages.url}/hours`, `${pages.url}/gone`],
    knowledge_base_files: [
      await toFile(Buffer.from('A haircut costs 30 euros.'), 'prices.txt'),
      await toFile(Readable.from([Buffer.from('name,phone\nAnna,123')]), 'staff.csv'),
    ],
    enable_auto_refresh: true,
    max_chunk_size: 1_000,
    min_chunk_size: 200,
  });
  const id = made.knowledge_base_id;
  expect(made).toMatchObject({
    knowledge_base_id: expect.stringMatching(/^knowledge_base_/),
    knowledge_base_name: 'Shop',
    status: 'in_progress',
    enable_auto_refresh: true,
    last_refreshed_timestamp: expect.any(Number),
    max_chunk_size: 1_000,
    min_chunk_size: 200,
  });
  const url = (source: string) => `https://pickup.example/get-knowledge-base-source/${id}/source/${source}`;
  const base = await complete(id);
  expect(base.status).toBe('complete');
  expect(base).toMatchObject({ error_messages: [`${pages.url}/gone: It answered 404.`] });
  const sources = base.knowledge_base_sources!;
  const ids = sources.map((source) => source.source_id);
  expect(new Set(ids).size).toBe(5);
  expect(sources).toEqual([
    { type: 'text', source_id: ids[0], title: 'Parking', content_url: url(ids[0]!) },
    { type: 'document', source_id: ids[1], filename: 'prices.txt', file_size: 25, file_url: url(ids[1]!) },
    { type: 'document', source_id: ids[2], filename: 'staff.csv', file_size: 19, file_url: url(ids[2]!) },
    { type: 'url', source_id: ids[3], url: `${pages.url}/hours` },
    { type: 'url', source_id: ids[4], url: `${pages.url}/gone` },
  ]);
  expect(await search(id, 'when do you open?')).toEqual([
    { type: 'url', source_id: ids[3], url: `${pages.url}/hours`, content: 'Hours\n\nWe open at nine.', score: 0.25 },
  ]);
  expect((await search(id, 'haircut', { top_k: 1 }))[0]).toMatchObject({ filename: 'prices.txt', score: 1 });
  expect(await search(id, 'haircut for unicorns', { filter_score: 0.5 })).toEqual([]);
  const text = await api.request(`/get-knowledge-base-source/${id}/source/${ids[2]}`);
  expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await text.text()).toBe('name,phone\nAnna,123');
});

test('the SDK adds, deletes and lists', async () => {
  const { client } = api;
  const first = await client.knowledgeBase.create({ knowledge_base_name: 'One' });
  expect(first).toEqual({
    knowledge_base_id: first.knowledge_base_id,
    knowledge_base_name: 'One',
    status: 'complete',
    enable_auto_refresh: false,
    max_chunk_size: 2_000,
    min_chunk_size: 400,
    knowledge_base_sources: [],
  });
  const second = await client.knowledgeBase.create({ knowledge_base_name: 'Two' });
  expect((await client.knowledgeBase.list()).map((base) => base.knowledge_base_name)).toEqual(['Two', 'One']);
  const id = first.knowledge_base_id;
  pages.pages.set('/slow', () => {});
  const added = await client.knowledgeBase.addSources(id, {
    knowledge_base_texts: [{ title: '', text: 'Dogs are welcome.' }],
    knowledge_base_urls: [`${pages.url}/slow`],
  });
  expect(added.status).toBe('refreshing_in_progress');
  const [text, slow] = added.knowledge_base_sources!;
  expect(await search(id, 'dogs')).toHaveLength(1);
  const less = await client.knowledgeBase.deleteSource(slow!.source_id, { knowledge_base_id: id });
  expect(less).toMatchObject({ status: 'complete', knowledge_base_sources: [{ source_id: text!.source_id }] });
  await client.knowledgeBase.deleteSource(text!.source_id, { knowledge_base_id: id });
  expect(await search(id, 'dogs')).toEqual([]);
  expect(await client.knowledgeBase.delete(id).asResponse()).toMatchObject({ status: 204 });
  expect((await client.knowledgeBase.list()).map((base) => base.knowledge_base_id)).toEqual([second.knowledge_base_id]);
});

test('nothing that could be read is an error, and can be read anew', async () => {
  const { knowledge_base_id: id } = await api.client.knowledgeBase.create({
    knowledge_base_name: 'x',
    knowledge_base_urls: [`${pages.url}/later`],
  });
  expect((await complete(id)).status).toBe('error');
  pages.pages.set('/later', page('<p>here now</p>'));
  expect((await api.post(`/refresh-knowledge-base/${id}`, {})).status).toBe(200);
  await vi.waitFor(async () => expect(await search(id, 'here')).toHaveLength(1), PATIENT);
  expect(await complete(id)).not.toHaveProperty('error_messages');
});

test('unknown ids are 422 everywhere', async () => {
  const { knowledgeBase } = api.client;
  const { knowledge_base_id: id } = await knowledgeBase.create({ knowledge_base_name: 'x' });
  const calls = [
    () => knowledgeBase.retrieve('nobody'),
    () => knowledgeBase.delete('nobody'),
    () => knowledgeBase.addSources('nobody', {}),
    () => knowledgeBase.deleteSource('nobody', { knowledge_base_id: id }),
    () => knowledgeBase.deleteSource('nobody', { knowledge_base_id: 'nobody' }),
  ];
  for (const call of calls) await expect(call()).rejects.toThrow(Retell.UnprocessableEntityError);
  for (const [path, body] of [
    ['/search-knowledge-base/nobody', { query: 'x' }],
    ['/refresh-knowledge-base/nobody', {}],
  ] as const) {
    expect((await api.post(path, body)).status).toBe(422);
  }
  expect((await api.request(`/get-knowledge-base-source/${id}/source/nobody`)).status).toBe(422);
});

test('bad bodies are 400 with what is wrong', async () => {
  const { knowledgeBase } = api.client;
  const file = (name: string) => toFile(Buffer.from('x'), name);
  const name = { knowledge_base_name: 'x' };
  const bad: [object, RegExp][] = [
    [{}, /knowledge_base_name is required/],
    [{ knowledge_base_name: 'x'.repeat(40) }, /1 to 39 characters/],
    [{ ...name, knowledge_base_urls: ['http://169.254.169.254/'] }, /PICKUP_WEBHOOK_ALLOW/],
    [{ ...name, knowledge_base_urls: ['nonsense'] }, /URL/],
    [{ ...name, knowledge_base_texts: [{ title: 'x' }] }, /text/],
    [{ ...name, knowledge_base_files: [await file('x.pdf')] }, /x\.pdf is not read; files may be \.txt/],
    [{ ...name, files: [await file('x.txt')] }, /knowledge_base_files/],
    [{ ...name, knowledge_base_files: await Promise.all(Array.from({ length: 26 }, () => file('a.txt'))) }, /25 files/],
    [{ ...name, max_chunk_size: 300, min_chunk_size: 300 }, /min_chunk_size must be less/],
  ];
  for (const [body, message] of bad) {
    const made = knowledgeBase.create(body as Retell.KnowledgeBaseCreateParams);
    await expect(made, JSON.stringify(body)).rejects.toThrow(Retell.BadRequestError);
    await expect(made).rejects.toThrow(message);
  }
  expect(await knowledgeBase.list()).toEqual([]);
});

test('a body that is no form, too large, or of a kind nobody takes is refused', async () => {
  const send = (headers: Record<string, string>, body: string | FormData, path = '/create-knowledge-base') =>
    api.request(path, { method: 'POST', headers, body });
  const form = { 'content-type': 'multipart/form-data; boundary=x' };
  expect((await send(form, 'nonsense')).status).toBe(400);
  expect((await send({ 'content-type': 'multipart/form-data' }, 'nonsense')).status).toBe(400);
  expect((await send({ 'content-type': 'text/plain' }, 'x')).status).toBe(415);
  expect((await send(form, '--x--\r\n', '/create-agent')).status).toBe(415);
  const long = new FormData();
  long.append('knowledge_base_name', 'x'.repeat(5_000_000));
  expect((await send({}, long)).status).toBe(413);
  const json = await api.post('/create-knowledge-base', { knowledge_base_name: 'As JSON' });
  expect(json.status).toBe(201);
  const small = await startTestApi({ formLimitBytes: 1_000 });
  const large = small.client.knowledgeBase.create({
    knowledge_base_name: 'x',
    knowledge_base_texts: [{ title: 'x', text: 'x'.repeat(2_000) }],
  });
  await expect(large).rejects.toMatchObject({ status: 413 });
  await small.close();
});

test('a key that only reads may search, and change nothing', async () => {
  const { knowledge_base_id: id } = await api.client.knowledgeBase.create({ knowledge_base_name: 'x' });
  const reader = new Retell({ apiKey: READ_KEY, baseURL: api.url, maxRetries: 0 });
  expect((await reader.knowledgeBase.retrieve(id)).knowledge_base_name).toBe('x');
  await expect(reader.knowledgeBase.create({ knowledge_base_name: 'y' })).rejects.toMatchObject({ status: 403 });
  await expect(reader.knowledgeBase.delete(id)).rejects.toMatchObject({ status: 403 });
  const headers = { authorization: `Bearer ${READ_KEY}`, 'content-type': 'application/json' };
  const asked = await api.request(`/search-knowledge-base/${id}`, { method: 'POST', headers, body: '{"query":"x"}' });
  expect(asked.status).toBe(200);
});

test('the audit log names what was sent, files included, without what it says', async () => {
  await api.client.knowledgeBase.create({
    knowledge_base_name: 'Secret name',
    knowledge_base_files: [await toFile(Buffer.from('x'), 'a.txt')],
  });
  const entry = (await api.store.listAudit({ limit: 1 })).items[0];
  expect(entry).toMatchObject({
    action: 'POST /create-knowledge-base',
    fields: ['knowledge_base_name', 'knowledge_base_files'],
  });
  expect(JSON.stringify(entry)).not.toContain('Secret');
});

test('those who add to one at once all get what they added', async () => {
  const { knowledge_base_id: id } = await api.client.knowledgeBase.create({ knowledge_base_name: 'x' });
  const titles = Array.from({ length: 10 }, (_, index) => `title${index}`);
  await Promise.all(
    titles.map((title) =>
      api.client.knowledgeBase.addSources(id, { knowledge_base_texts: [{ title, text: 'same text' }] }),
    ),
  );
  const { knowledge_base_sources: sources } = await api.client.knowledgeBase.retrieve(id);
  expect(sources?.map((source) => ('title' in source ? source.title : '')).sort()).toEqual(titles);
});
