import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createReceiver } from './server.ts';

const KEY = 'key_of_the_receiver_tests';
const requests: unknown[] = [];
const server = createReceiver({ apiKey: KEY, onRequest: (event) => requests.push(event) });
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** B2: `v=<unix ms>,d=<hex HMAC-SHA256(key, raw body + v)>`. */
function sign(body: string, key = KEY, at = Date.now()): string {
  return `v=${at},d=${createHmac('sha256', key).update(`${body}${at}`).digest('hex')}`;
}

function post(body: string, signature?: string) {
  const headers = { 'content-type': 'application/json', ...(signature && { 'x-retell-signature': signature }) };
  return fetch(url, { method: 'POST', body, headers });
}

const event = (from: string, kind = 'call_inbound') =>
  JSON.stringify({ event: kind, [kind]: { from_number: from, to_number: '+12137771235' } });

test('a known caller gets an agent and is greeted by name', async () => {
  const body = event('+12137771234');
  const reply = await post(body, sign(body));
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({
    call_inbound: {
      override_agent_id: 'agent_12345',
      override_agent_version: 1,
      dynamic_variables: { customer_name: 'John Doe' },
      metadata: { customer_id: '12345' },
    },
  });
  expect(requests.at(-1)).toEqual(JSON.parse(body));
});

test('an unknown caller goes to the number’s own agent, a blocked one is turned away', async () => {
  const unknown = event('+12137779999');
  expect(await (await post(unknown, sign(unknown))).json()).toEqual({
    call_inbound: { dynamic_variables: { customer_name: 'there' } },
  });
  const blocked = event('+12137770000');
  expect(await (await post(blocked, sign(blocked))).json()).toEqual({ call_inbound: { reject: true } });
});

test('a text is answered under chat_inbound', async () => {
  const body = event('+12137771236', 'chat_inbound');
  expect(await (await post(body, sign(body))).json()).toMatchObject({
    chat_inbound: { dynamic_variables: { customer_name: 'Jane Roe' } },
  });
});

test.each([
  ['missing', () => undefined],
  ['of another key', (body: string) => sign(body, 'key_of_somebody_else')],
  ['of another body', () => sign('{}')],
  ['six minutes old', (body: string) => sign(body, KEY, Date.now() - 360_000)],
  ['not a signature', () => 'v=1,d=xyz'],
])('a signature that is %s gets 401', async (_, signature) => {
  const before = requests.length;
  const body = event('+12137771234');
  expect((await post(body, signature(body))).status).toBe(401);
  expect(requests).toHaveLength(before);
});

test('a signed body that is not JSON gets 400', async () => {
  expect((await post('{', sign('{'))).status).toBe(400);
});
