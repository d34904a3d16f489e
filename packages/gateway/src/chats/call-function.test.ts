import type { CustomTool } from '@pickup/conversation';
import { lookupIn } from '@pickup/core';
import { createOutbound, type Outbound } from '@pickup/outbound';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import Retell from 'retell-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../runners/clock.ts';
import { callFunction, type FunctionCall } from './call-function.ts';

const KEY = 'key_of_the_gateway';
const TOOL: CustomTool = {
  ...{ does: 'call', name: 'find', description: '', url: '/f', method: 'POST', headers: {}, query: {} },
  ...{ parameters: {}, responseVariables: {}, argsAtRoot: false, form: false },
  ...{ timeoutMs: 5_000, maxRetry: 0, speaksAfter: true },
};

let server: FakeEndpoint;
let outbound: Outbound;
afterEach(() => Promise.all([server?.close(), outbound?.close()]));

async function world(answers: readonly EndpointAnswer[] = [], allow: readonly string[] = ['127.0.0.0/8']) {
  server = await startFakeEndpoint({ handler: (_, nth) => answers[nth - 1] ?? { body: '{}' } });
  outbound = createOutbound({ clock: systemClock, allow, loopback: false, ownPorts: () => [] });
  return (tool: Partial<CustomTool> = {}, call: Partial<FunctionCall> = {}) =>
    callFunction(
      { outbound, clock: systemClock, signingKey: () => KEY },
      {
        tool: { ...TOOL, ...tool, url: `${server.url}${tool.url ?? TOOL.url}` },
        args: { city: 'Rome & "Ostia"', people: 3, where: { a: [1] } },
        lookup: lookupIn({ name: 'Bo', evil: 'x\r\nx-evil: 1\r\n\r\nGET /', path: '../admin?a=1#b', who: 'Zoë' }),
        callKey: 'call_1',
        chat: { chat_id: 'chat_1' },
        deadlineMonoMs: systemClock.monoMs() + 10_000,
        signal: new AbortController().signal,
        ...call,
      },
    );
}
const sent = (nth = 1) => {
  const { method, path, headers, body } = server.requests[nth - 1]!;
  return { method, path, headers: Object.fromEntries(headers) as Record<string, string>, body };
};

describe('what is sent', () => {
  test.each(['POST', 'PUT', 'PATCH'] as const)('%s has Retell’s body, or the arguments alone', async (method) => {
    const send = await world();
    expect(await send({ method })).toEqual({ content: '{}', successful: true, status: 200 });
    const args = { city: 'Rome & "Ostia"', people: 3, where: { a: [1] } };
    expect(sent()).toMatchObject({ method, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(sent().body.toString())).toEqual({ name: 'find', args, chat: { chat_id: 'chat_1' } });
    await send({ method, argsAtRoot: true });
    expect(JSON.parse(sent(2).body.toString())).toEqual(args);
  });

  test.each(['GET', 'DELETE'] as const)(
    '%s has the arguments in the query, which change nothing that is set there',
    async (method) => {
      const send = await world();
      const args = { city: 'Rome & "Ostia"', people: 3, token: 'mine', tier: 'gold' };
      const { successful } = await send({ method, url: '/f?token=t', query: { tier: '{{name}}' } }, { args });
      expect(successful).toBe(true);
      expect(sent().method).toBe(method);
      const { pathname, searchParams } = new URL(sent().path, 'http://x');
      expect(pathname).toBe('/f');
      expect([...searchParams]).toEqual([
        ...[
          ['token', 't'],
          ['tier', 'Bo'],
        ],
        ...[
          ['city', 'Rome & "Ostia"'],
          ['people', '3'],
        ],
      ]);
      expect(sent().body.length).toBe(0);
    },
  );

  test('a form has the arguments alone', async () => {
    const send = await world();
    await send({ form: true });
    expect(sent().headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(sent().body.toString()))).toEqual({
      ...{ city: 'Rome & "Ostia"', people: '3', where: '{"a":[1]}' },
    });
  });

  test.each([
    ['POST', {}],
    ['POST', { form: true }],
    ['POST', { argsAtRoot: true }],
    ['GET', {}],
    ['DELETE', {}],
  ] as const)(
    'Retell.verify accepts the signature of %s %j, which no header of a tool replaces',
    async (method, more) => {
      const send = await world();
      await send({ method, ...more, headers: { 'X-Retell-Signature': 'v=1,d=0', 'Webhook-Id': 'mine' } });
      const { body, headers } = sent();
      expect(await Retell.verify(body.toString(), KEY, headers['x-retell-signature']!)).toBe(true);
      expect(headers['webhook-id']).toBe('call_1');
    },
  );

  test('a variable is one part of a URL and no other header, whatever it holds', async () => {
    const send = await world();
    const headers = {
      'x-name': '{{name}} {{evil}}',
      'x-evil: 1\r\nx-more': '1',
      '': '1',
      'x-ü': '1',
      'X-Who': '{{who}}',
    };
    const { successful } = await send({ url: '/shops/{{path}}/{{name}}?q={{path}}', headers });
    expect(successful).toBe(true);
    expect(sent().path).toBe('/shops/..%2Fadmin%3Fa%3D1%23b/Bo?q=..%2Fadmin%3Fa%3D1%23b');
    expect(sent().headers).toMatchObject({ 'x-name': 'Bo xx-evil: 1GET /', 'x-who': 'Zo' });
    expect(Object.keys(sent().headers)).not.toContain('x-evil');
    expect(server.requests).toHaveLength(1);
  });

  test('a variable that is a step up is no part of a path: the request is not sent', async () => {
    const send = await world();
    for (const value of ['..', '.', '%2e%2e']) {
      const lookup = lookupIn({ value });
      const sentTo = await send({ url: '/shops/{{value}}/orders' }, { lookup });
      if (value !== '%2e%2e') expect(sentTo).toMatchObject({ successful: false, error: 'url' });
      expect(await send({ url: '/f?q={{value}}' }, { lookup })).toMatchObject({ successful: true });
    }
    const paths = server.requests.map(({ path }) => path);
    expect(paths).toEqual(['/f?q=..', '/f?q=.', '/shops/%252e%252e/orders', '/f?q=%252e%252e']);
  });

  test('headers of the connection are ours, and never fail the request (RFC 9110, 7.6.1)', async () => {
    const send = await world();
    const names = ['Connection', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Expect', 'Host'];
    const headers = Object.fromEntries(
      [...names, 'Content-Length', 'Proxy-Connection'].map((name) => [name, 'chunked']),
    );
    expect(await send({ headers: { ...headers, Authorization: 'Bearer {{name}}' } })).toMatchObject({ status: 200 });
    expect(sent().headers).toMatchObject({ authorization: 'Bearer Bo', host: `127.0.0.1:${server.port}` });
    for (const name of ['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'proxy-connection'])
      expect(sent().headers).not.toHaveProperty(name);
  });

  test('a URL that is none is a failure that names it', async () => {
    await world();
    const call = { args: {}, lookup: lookupIn({}), callKey: 'c', chat: {}, deadlineMonoMs: Number.MAX_SAFE_INTEGER };
    for (const url of ['', 'nowhere', 'file:///etc/passwd', 'http://']) {
      const result = await callFunction(
        { outbound, clock: systemClock, signingKey: () => KEY },
        { ...call, tool: { ...TOOL, url }, signal: new AbortController().signal },
      );
      expect(result).toEqual({ content: 'The URL of the function is not valid.', successful: false, error: 'url' });
    }
  });
});

describe('what comes back', () => {
  test('any 2xx is success and its whole text is there; other statuses are failures with the beginning of theirs', async () => {
    const long = 'ä'.repeat(20_000);
    const send = await world([{ status: 204 }, { status: 201, body: long }, { status: 422, body: `no ${long}` }]);
    expect(await send()).toEqual({ content: '', successful: true, status: 204 });
    expect((await send()).content).toBe(long);
    const { content, ...rest } = await send();
    expect(rest).toEqual({ successful: false, status: 422 });
    expect(content).toBe(`The function failed with status 422. no ${'ä'.repeat(997)}`);
  });

  test('a redirect is not followed', async () => {
    const send = await world([{ status: 302, headers: { location: '/elsewhere' } }]);
    expect(await send()).toMatchObject({ successful: false, status: 302 });
    expect(server.requests).toHaveLength(1);
  });

  test('more than is read is cut, not kept', async () => {
    const send = await world([{ body: Buffer.alloc(3_000_000, 'x') }]);
    expect((await send()).content.length).toBe(256 * 1024);
  });

  test('an address that is not allowed is never connected to, and the model hears nothing of it', async () => {
    const send = await world([], []);
    const result = await send();
    expect(result).toMatchObject({ successful: false, error: 'address_refused' });
    expect(result.content).not.toMatch(/127|localhost/);
    expect(server.connections).toBe(0);
  });
});

describe('time and tries', () => {
  test('max_retry tries again under the same webhook-id, until it works', async () => {
    const send = await world([{ status: 500 }, 'reset', { body: '"done"' }]);
    expect(await send({ maxRetry: 5 })).toMatchObject({ successful: true, content: '"done"' });
    expect([1, 2, 3].map((nth) => sent(nth).headers['webhook-id'])).toEqual(['call_1', 'call_1', 'call_1']);
    const again = await world([{ status: 500 }, { status: 500 }]);
    expect(await again({ maxRetry: 1 })).toMatchObject({ successful: false, status: 500 });
    expect(server.requests).toHaveLength(2);
  });

  test('timeout_ms ends one try, the turn’s deadline all of them, and a turn that is given up the rest', async () => {
    const send = await world(['hang', { body: '1' }, 'hang', 'hang', 'hang']);
    expect(await send({ timeoutMs: 100, maxRetry: 1 })).toMatchObject({ successful: true });
    const from = systemClock.monoMs();
    const late = await send({ timeoutMs: 5_000, maxRetry: 5 }, { deadlineMonoMs: from + 200 });
    expect(late).toMatchObject({ successful: false, error: 'timeout' });
    expect(systemClock.monoMs() - from).toBeLessThan(1_500);
    const turn = new AbortController();
    const given = send({ maxRetry: 5 }, { signal: turn.signal });
    await server.received(4);
    turn.abort();
    expect(await given).toMatchObject({ successful: false, error: 'aborted' });
    expect(server.requests).toHaveLength(4);
  });
});
