import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { READ_KEY, startTestApi, type TestApi, WEBHOOK_KEY } from '../../test/start-test-api.ts';
import { createLog } from '../observe/log.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import { StoreUnavailable } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';

let api: TestApi | undefined;
afterEach(() => api?.close());

async function start(over: Partial<ApiDeps> = {}): Promise<TestApi> {
  api = await startTestApi(over);
  return api;
}

function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

const json = { 'content-type': 'application/json' };

test('whatever the framework refuses has the same body as any other error', async () => {
  const { request } = await start({ bodyLimitBytes: 2_000 });
  const post = (body: string, headers: Record<string, string> = json) =>
    request('/create-agent', { method: 'POST', headers, body });
  const deep = '['.repeat(500) + ']'.repeat(500);
  const cases: readonly [number, Promise<Response>][] = [
    [404, request('/no-such-route')],
    [405, request('/create-agent')],
    [400, request('/get-agent/%zz')],
    [400, post('{"a":')],
    [400, post('{"a":1}'.replace('"a"', '"__proto__"'))],
    [400, post('{"a":{"constructor":{"prototype":{"x":1}}}}')],
    [400, post(deep)],
    [400, post('[]')],
    [400, post('null')],
    [413, post(JSON.stringify({ a: 'x'.repeat(3_000) }))],
    [415, post('a=1', { 'content-type': 'application/x-www-form-urlencoded' })],
    [415, post('<a/>', { 'content-type': 'text/plain' })],
  ];
  for (const [status, answer] of cases) {
    const response = await answer;
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({ status: 'error', message: expect.any(String) });
  }
  expect((await request('/create-agent')).headers.get('allow')).toBe('POST');
});

test('a route of Retell outside the core is 404 and says what Pickup does not do, whatever the body is', async () => {
  const { post, request } = await start();
  const response = await post('/v2/create-web-call', { agent_id: 'agent_a' });
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([404, null]);
  expect(await response.json()).toMatchObject({
    status: 'error',
    code: 'not_offered',
    message: 'Pickup does not take web calls; calls come in by telephone.',
  });
  const upload = await request('/create-asset', { method: 'POST', body: new FormData() });
  expect(await upload.json()).toMatchObject({ code: 'not_offered' });
  const mistyped = await request('/create-assets', { method: 'POST', body: new FormData() });
  expect(await mistyped.json()).toMatchObject({ code: 'not_found' });
});

test('a route outside the core asks for a key first', async () => {
  const { url } = await start();
  const ask = (headers: Record<string, string>) => fetch(`${url}/get-contact-by-phone/+14155550100?x=1`, { headers });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${WEBHOOK_KEY}` })).status).toBe(403);
  const response = await ask({ authorization: `Bearer ${READ_KEY}` });
  expect([response.status, await response.json()]).toMatchObject([404, { message: 'Pickup does not keep contacts.' }]);
});

test('bytes that are no HTTP get an answer in the same form', async () => {
  const { url } = await start();
  expect(await raw(url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*\{"status":"error","message":/);
});

test('case 49 an unexpected exception is 500 without internals, and logged', async () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), clock: { wallMs: () => 0 } });
  const store = { ...createMemoryStore(), getAgent: () => Promise.reject(new Error('secret path /etc/x')) };
  const { request } = await start({ store, log });
  const response = await request('/get-agent/agent_a');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
  expect(lines.join('')).toContain('secret path /etc/x');
});

test('a store that cannot write is 503, and the SDK may try again', async () => {
  const store = { ...createMemoryStore(), deleteNumber: () => Promise.reject(new StoreUnavailable('disk full')) };
  const phone_number = '+14157774444';
  const settings = { phone_number, phone_number_type: 'custom', last_modification_timestamp: 1 } as const;
  await store.putNumber({ settings }, 'create');
  const { request } = await start({ store });
  const response = await request('/delete-phone-number/+14157774444', { method: 'DELETE' });
  expect(response.status).toBe(503);
  expect(response.headers.get('x-should-retry')).toBe('true');
  expect(await response.text()).not.toContain('disk');
});

test('a body without content type or length is taken as none, and an empty JSON body too', async () => {
  const { request } = await start();
  expect((await request('/v2/list-agents', { method: 'POST' })).status).toBe(200);
  expect((await request('/v2/list-agents', { method: 'POST', headers: json, body: '' })).status).toBe(200);
});

test('health and readiness need no key; not being ready is 503 with the reasons', async () => {
  const { url } = await start({ ready: () => ({ ready: false, reasons: ['SIP is not listening'] }) });
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const response = await fetch(`${url}/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ status: 'error', reasons: ['SIP is not listening'] });
});

test('a warning never breaks the header it stands in', async () => {
  const { post } = await start();
  const response = await post('/create-retell-llm', { 'bad\r\nx-evil: 1ü': 1 });
  expect(response.status).toBe(201);
  expect(response.headers.get('x-evil')).toBeNull();
  expect(response.headers.get('x-pickup-warning')).toMatch(/bad\?\?x-evil/);
});

test('changes are logged with the key that made them, without the body', async () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), clock: { wallMs: () => 0 } });
  const { post } = await start({ log });
  await post('/create-retell-llm', { begin_message: 'my secret words' });
  await expect.poll(() => lines.length).toBe(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    event: 'api_request',
    route: '/create-retell-llm',
    status: 201,
    key_id: 'k1',
  });
  expect(lines[0]).not.toContain('secret words');
});

test('a failure after the act tells the SDK not to try again, for it would do it twice', async () => {
  let ended = 0;
  const store = createMemoryStore();
  const { request, post } = await start({
    store: { ...store, recordAudit: () => Promise.reject(new StoreUnavailable('disk full')) },
    endCall: () => ++ended === 1,
  });
  const response = await post('/create-retell-llm', {});
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'false']);
  expect((await store.listEngines('retell-llm', {})).items).toHaveLength(1);
  await store.registerCall({
    call_id: 'call_1',
    call_status: 'ongoing',
    agent_id: 'agent_a',
    agent_version: 0,
    direction: 'inbound',
    from_number: '+12137771234',
    to_number: '+12137771235',
    created_timestamp: 1,
  });
  const stopped = await request('/v2/stop-call/call_1', { method: 'POST' });
  expect([stopped.status, stopped.headers.get('x-should-retry'), ended]).toEqual([503, 'false', 1]);
});

test('a parameter that is there twice is refused', async () => {
  const { request } = await start();
  const response = await request('/v2/list-phone-numbers?limit=1&limit=2');
  expect([response.status, await response.json()]).toMatchObject([400, { message: expect.stringContaining('limit') }]);
});
