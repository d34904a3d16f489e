import { signWebhook } from '@pickup/signature';
import { expect, test, vi } from 'vitest';
import { accept, reject } from '../reply/reply.ts';
import { createInboundHandler } from './create-inbound-handler.ts';
import type { InboundHandlerOptions } from './inbound-handler.ts';

const apiKey = 'key_of_the_endpoint';
const quiet = { onIssue: () => {}, onRefused: () => {}, onError: () => {} };
const bodyOf = (event = 'call_inbound', more: object = {}) =>
  JSON.stringify({ event, [event]: { from_number: '+12137771234', to_number: '+12137771235' }, ...more });

interface Sent {
  readonly body?: string;
  readonly id?: string;
  readonly attempt?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly stampMs?: number;
  readonly allottedMs?: number;
}

function request({ body = bodyOf(), id, attempt = 1, headers, stampMs = Date.now(), allottedMs = 10_000 }: Sent = {}) {
  return new Request('http://endpoint.test/', {
    method: 'POST',
    body,
    headers: {
      'x-retell-signature': signWebhook({ body, key: apiKey, wallMs: stampMs }),
      ...(id !== undefined && { 'webhook-id': id }),
      'x-pickup-attempt': String(attempt),
      'x-pickup-deadline': String(stampMs + allottedMs),
      ...headers,
    },
  });
}

const make = (options: Partial<InboundHandlerOptions>) => createInboundHandler({ apiKey, ...quiet, ...options });
const json = async (response: Response) => ({
  status: response.status,
  body: (await response.json()) as Record<string, unknown>,
});

test('a call is decided by onCall, a text by onSms', async () => {
  const inbound = make({ onCall: ({ from_number }) => accept({ agent_id: from_number }), onSms: async () => reject() });
  expect(await json(await inbound.fetch(request()))).toEqual({
    status: 200,
    body: { call_inbound: { override_agent_id: '+12137771234' } },
  });
  const text = await json(await inbound.fetch(request({ body: bodyOf('chat_inbound') })));
  expect(text.body).toEqual({ chat_inbound: { reject: true } });
});

test('D2 a channel nobody decides about goes to the number’s own agent', async () => {
  const inbound = make({ onSms: () => reject() });
  expect(await json(await inbound.fetch(request()))).toEqual({ status: 200, body: {} });
});

test('the context has the inbound’s id, the attempt, the deadline by our own clock, and a replay', async () => {
  const seen = vi.fn();
  const inbound = make({ onCall: (_, { signal: _signal, ...context }) => seen(context) });
  // The sender's clock is four minutes ahead.
  const before = Date.now();
  const replayed = bodyOf('call_inbound', { replay: { inbound_id: 'inb_1' } });
  await inbound.fetch(
    request({ body: replayed, id: 'inb_2', attempt: 3, stampMs: before + 240_000, allottedMs: 7000 }),
  );
  expect(seen).toHaveBeenCalledWith({
    event: 'call_inbound',
    inboundId: 'inb_2',
    attempt: 3,
    deadlineAt: expect.toSatisfy((at: number) => at >= before + 7000 && at < before + 8000),
    replayOf: 'inb_1',
  });
});

test('the signal aborts at the deadline', async () => {
  const inbound = make({
    onCall: (_, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(accept({ agent_id: String(signal.reason.name) }))),
      ),
  });
  const { body } = await json(await inbound.fetch(request({ allottedMs: 30 })));
  expect(body).toEqual({ call_inbound: { override_agent_id: 'TimeoutError' } });
});

test('a refused request is answered 401 with the step, and told', async () => {
  const onRefused = vi.fn();
  const onCall = vi.fn();
  const inbound = make({ onCall, onRefused });
  const response = await inbound.fetch(new Request('http://endpoint.test/', { method: 'POST', body: bodyOf() }));
  expect(response.headers.get('x-pickup-verification')).toBe('missing_signature');
  expect(await json(response)).toEqual({
    status: 401,
    body: { error: 'unauthorized', step: 'missing_signature', message: expect.any(String), fix: expect.any(String) },
  });
  expect(onRefused).toHaveBeenCalledWith(expect.objectContaining({ step: 'missing_signature' }));
  expect(onCall).not.toHaveBeenCalled();
});

test('what is no webhook gets 405, 400, 413', async () => {
  const inbound = make({ onCall: () => accept() });
  expect((await inbound.fetch(new Request('http://endpoint.test/'))).status).toBe(405);
  for (const body of ['{', '[]', '{"event":"call_ended","call":{}}', '{"event":"call_inbound"}'])
    expect(await json(await inbound.fetch(request({ body })))).toMatchObject({
      status: 400,
      body: { error: 'bad_request' },
    });
  expect((await inbound.fetch(request({ body: 'x'.repeat(1024 * 1024 + 1) }))).status).toBe(413);
  const read = request();
  await read.text();
  expect(await json(await inbound.fetch(read))).toMatchObject({ status: 500, body: { error: 'body_was_read' } });
});

test('issues of a reply are told before it leaves, and it leaves all the same', async () => {
  const onIssue = vi.fn();
  const inbound = make({
    onIssue,
    onCall: () => ({ override_agent_version: '3', agent_override: { agent: { voice_speed: 9 } } }),
  });
  expect((await inbound.fetch(request())).status).toBe(200);
  expect(onIssue.mock.calls.map(([issue]) => issue.code)).toEqual(['version_as_string', 'out_of_range']);
});

test('a callback that throws changes no answer', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  const fail = () => {
    throw new Error('in a callback');
  };
  const inbound = make({ onIssue: fail, onRefused: fail, onCall: () => ({ override_agent_version: '3' }) });
  expect((await inbound.fetch(request())).status).toBe(200);
  expect((await inbound.fetch(request({ headers: { 'x-retell-signature': '' } }))).status).toBe(401);
  expect(print).toHaveBeenCalledTimes(2);
  print.mockRestore();
});

test('without callbacks an issue is on the console once', async () => {
  const print = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const inbound = createInboundHandler({ apiKey, onCall: () => ({ override_agent_version: '3' }) });
  await inbound.fetch(request());
  await inbound.fetch(request());
  expect(print).toHaveBeenCalledTimes(1);
  expect(print).toHaveBeenCalledWith(expect.stringContaining('/call_inbound/override_agent_version'));
  print.mockRestore();
});

test('a handler that throws is a 500 that gives nothing away, and is told', async () => {
  const onError = vi.fn();
  const inbound = make({ onError, onCall: () => Promise.reject(new Error('password is hunter2')) });
  const response = await inbound.fetch(request());
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('hunter2');
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'password is hunter2' }), expect.anything());
});

test('B3 a retry gets the same reply, a failure is tried again, another body is another request', async () => {
  let count = 0;
  const inbound = make({
    onCall: () => {
      count += 1;
      if (count === 1) throw new Error('at first');
      return accept({ metadata: { count } });
    },
  });
  const statuses = [];
  for (const attempt of [1, 2, 3]) statuses.push((await inbound.fetch(request({ id: 'inb_1', attempt }))).status);
  expect(statuses).toEqual([500, 200, 200]);
  expect(count).toBe(2);
  const other = bodyOf('call_inbound', { replay: { inbound_id: 'inb_1' } });
  expect(await json(await inbound.fetch(request({ id: 'inb_1', body: other })))).toMatchObject({
    body: { call_inbound: { metadata: { count: 3 } } },
  });
  await inbound.fetch(request());
  await inbound.fetch(request());
  expect(count).toBe(5);
});

test('a retry that comes while the handler still runs waits for that run', async () => {
  let finish = (_: object) => {};
  const onCall = vi.fn(() => new Promise<object>((resolve) => (finish = resolve)));
  const inbound = make({ onCall });
  const replies = [1, 2].map((attempt) => inbound.fetch(request({ id: 'inb_1', attempt })));
  await vi.waitFor(() => expect(onCall).toHaveBeenCalled());
  await new Promise((resolve) => setTimeout(resolve, 20));
  finish(accept({ agent_id: 'agent_1' }));
  const bodies = await Promise.all(replies.map(async (reply) => (await reply).text()));
  expect(new Set(bodies)).toEqual(new Set(['{"call_inbound":{"override_agent_id":"agent_1"}}']));
  expect(onCall).toHaveBeenCalledTimes(1);
});

test('a run that was aborted is no answer to a retry: it runs anew', async () => {
  let runs = 0;
  const inbound = make({
    onCall: (_, { signal, attempt }) => {
      runs += 1;
      if (attempt === 2) return accept({ agent_id: 'second' });
      return new Promise((_resolve, fail) => signal.addEventListener('abort', () => fail(signal.reason)));
    },
  });
  expect((await inbound.fetch(request({ id: 'inb_1', allottedMs: 20 }))).status).toBe(500);
  const { body } = await json(await inbound.fetch(request({ id: 'inb_1', attempt: 2 })));
  expect(body).toEqual({ call_inbound: { override_agent_id: 'second' } });
  expect(runs).toBe(2);
});

test('B4 a retry with another event_timestamp is the same question', async () => {
  const onCall = vi.fn(() => accept());
  const inbound = make({ onCall });
  for (const event_timestamp of [1, 2]) {
    await inbound.fetch(request({ id: 'inb_1', body: bodyOf('call_inbound', { event_timestamp }) }));
  }
  expect(onCall).toHaveBeenCalledTimes(1);
});

test('a request with the id of another inbound does not displace its reply', async () => {
  const onCall = vi.fn(() => accept());
  const inbound = make({ onCall });
  for (const more of [{}, { replay: { inbound_id: 'inb_2' } }, {}]) {
    await inbound.fetch(request({ id: 'inb_1', body: bodyOf('call_inbound', more) }));
  }
  expect(onCall).toHaveBeenCalledTimes(2);
});

test('a run that a retry waits for too has the time of both', async () => {
  const onCall = vi.fn(
    (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
      new Promise<object>((resolve, fail) => {
        signal.addEventListener('abort', () => fail(signal.reason));
        setTimeout(() => resolve(accept()), 150);
      }),
  );
  const inbound = make({ onCall });
  const sent = [40, 10_000].map((allottedMs) => inbound.fetch(request({ id: 'inb_1', allottedMs })));
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200]);
  expect(onCall).toHaveBeenCalledTimes(1);
});

test('no header makes a handler wait longer than a minute', async () => {
  const seen = vi.fn();
  const inbound = make({ onCall: (_, { deadlineAt }) => seen(deadlineAt - Date.now()) });
  await inbound.fetch(request({ allottedMs: 3_600_000 }));
  expect(seen.mock.calls[0]?.[0]).toBeLessThanOrEqual(60_000);
});

test('replies that are large together are forgotten sooner, the oldest first', async () => {
  const onCall = vi.fn(() => accept({ metadata: { large: 'x'.repeat(1_500_000) } }));
  const inbound = make({ onCall });
  for (const id of ['inb_1', 'inb_2', 'inb_3', 'inb_3', 'inb_1']) await inbound.fetch(request({ id }));
  expect(onCall).toHaveBeenCalledTimes(4);
});

test('replies are forgotten after five minutes, and the oldest where they are many', async () => {
  let nowMs = Date.now();
  let runs = 0;
  const inbound = make({ now: () => nowMs, onCall: () => accept({ metadata: { run: ++runs } }) });
  await inbound.fetch(request({ id: 'inb_1', stampMs: nowMs }));
  nowMs += 299_000;
  await inbound.fetch(request({ id: 'inb_1', stampMs: nowMs }));
  expect(runs).toBe(1);
  nowMs += 2000;
  await inbound.fetch(request({ id: 'inb_1', stampMs: nowMs }));
  expect(runs).toBe(2);
  for (let other = 0; other < 1001; other++) await inbound.fetch(request({ id: `inb_other_${other}`, stampMs: nowMs }));
  await inbound.fetch(request({ id: 'inb_other_1000', stampMs: nowMs }));
  expect(runs).toBe(2 + 1001);
  await inbound.fetch(request({ id: 'inb_1', stampMs: nowMs }));
  expect(runs).toBe(2 + 1001 + 1);
});

test('a handler that cannot work is not made', () => {
  expect(() => createInboundHandler({ apiKey: process.env['NO_SUCH_KEY'] as never, onCall: () => accept() })).toThrow(
    /^apiKey is undefined: .*pickup keys list/,
  );
  expect(() => createInboundHandler({ apiKey })).toThrow('onCall, onSms or both');
});
