import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test/start-test-api.ts';
import { createKeyRing, createSeal, type KeyRing } from '../keys/index.ts';
import { createMemoryStore } from '../stores/memory/index.ts';

const FIRST = 'key_first_0123456789';
let api: TestApi;
let keys: KeyRing;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pickup-keys-'));
  const store = createMemoryStore();
  const seal = createSeal({ keys: [{ id: 'one', key: Buffer.alloc(32, 1) }], current: 'one' });
  keys = createKeyRing({ store, seal, clock: { wallMs: () => 7 }, home, log: { warn: () => {} } });
  await keys.bootstrap(FIRST);
  api = await startTestApi({ store, keys, authenticate: (key) => keys.authenticate(key) });
});
afterEach(async () => {
  await api.close();
  await rm(home, { recursive: true });
});

function send(key: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(api.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
const make = async (body?: unknown) =>
  (await (await send(FIRST, 'POST', '/create-api-key', body)).json()) as { key_id: string; api_key: string };

test('case 85 a key is made, promoted and the old one revoked; its text is answered once', async () => {
  const first = keys.authenticate(FIRST)!.key_id;
  const made = await make();
  expect(made).toMatchObject({ role: 'full', api_key: expect.stringMatching(/^key_[0-9a-f]{48}$/) });
  const list = await send(made.api_key, 'GET', '/list-api-keys');
  const text = await list.text();
  expect(list.headers.get('cache-control')).toBe('no-store');
  expect(JSON.parse(text).items).toEqual([
    { key_id: first, role: 'full', signs: true, created_timestamp: 7, last_used_timestamp: 7 },
    { key_id: made.key_id, role: 'full', signs: false, created_timestamp: 7, last_used_timestamp: 7 },
  ]);
  expect(text).not.toContain(made.api_key);
  expect((await send(FIRST, 'POST', `/promote-api-key/${made.key_id}`)).status).toBe(204);
  expect(keys.signingKey()).toBe(made.api_key);
  expect((await send(FIRST, 'POST', `/revoke-api-key/${first}`)).status).toBe(204);
  expect((await send(FIRST, 'GET', '/list-api-keys')).status).toBe(401);
  const after = (await (await send(made.api_key, 'GET', '/list-api-keys')).json()) as { items: object[] };
  expect(after.items[0]).toMatchObject({ key_id: first, signs: false, revoked_timestamp: 7 });
});

test('the key that signs and the last full one are not revoked, an unknown one is 422', async () => {
  const first = keys.authenticate(FIRST)!.key_id;
  const refused = await send(FIRST, 'POST', `/revoke-api-key/${first}`);
  expect(refused.status).toBe(409);
  expect(refused.headers.get('x-should-retry')).toBe('false');
  expect(await refused.json()).toMatchObject({ message: `${first} signs the webhooks; promote another key first.` });
  const reader = await make({ role: 'read_only' });
  expect((await send(FIRST, 'POST', `/promote-api-key/${reader.key_id}`)).status).toBe(204);
  const last = await send(FIRST, 'POST', `/revoke-api-key/${first}`);
  expect(await last.json()).toMatchObject({ message: expect.stringContaining('the last full key') });
  for (const path of ['/promote-api-key/nobody', '/revoke-api-key/nobody']) {
    expect((await send(FIRST, 'POST', path)).status).toBe(422);
  }
});

test('a read-only key sees and changes no keys; a role nobody knows is 400', async () => {
  const { api_key, key_id } = await make({ role: 'read_only' });
  expect((await send(api_key, 'GET', '/v2/list-phone-numbers')).status).toBe(200);
  expect((await send(api_key, 'GET', '/list-api-keys')).status).toBe(403);
  expect((await send(api_key, 'POST', '/create-api-key')).status).toBe(403);
  expect((await send(api_key, 'POST', `/promote-api-key/${key_id}`)).status).toBe(403);
  const wrong = await send(FIRST, 'POST', '/create-api-key', { role: 'admin' });
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ message: expect.stringContaining('full, read_only, webhook') });
});

test('a webhook key signs once promoted, and opens nothing', async () => {
  const { api_key, key_id } = await make({ role: 'webhook' });
  expect((await send(api_key, 'GET', '/v2/list-phone-numbers')).status).toBe(403);
  expect((await send(FIRST, 'POST', `/promote-api-key/${key_id}`)).status).toBe(204);
  expect(keys.signingKey()).toBe(api_key);
});

test('the audit log says who changed what, by id and field, and keeps no values', async () => {
  const { key_id } = await make({ role: 'read_only' });
  const created = await send(FIRST, 'POST', '/create-retell-llm', { begin_message: 'a secret' });
  const llm = (await created.json()) as { llm_id: string };
  await send(FIRST, 'PATCH', `/update-retell-llm/${llm.llm_id}`, { begin_message: 'another', model_temperature: 0.5 });
  await send(FIRST, 'PATCH', `/update-retell-llm/${llm.llm_id}`, { model_temperature: 7 });
  const log = await send(FIRST, 'GET', '/list-audit-log');
  const text = await log.text();
  const by = keys.authenticate(FIRST)!.key_id;
  expect((JSON.parse(text) as { items: object[] }).items).toEqual([
    expect.objectContaining({
      key_id: by,
      action: 'PATCH /update-retell-llm/{llm_id}',
      target: { llm_id: llm.llm_id },
      fields: ['begin_message', 'model_temperature'],
    }),
    expect.objectContaining({ action: 'POST /create-retell-llm', target: { llm_id: llm.llm_id } }),
    expect.objectContaining({ action: 'POST /create-api-key', target: { key_id }, fields: ['role'] }),
  ]);
  expect(text).not.toContain('secret');
});
