/** Endpoints that misbehave in ways the official API does not. */
import { getEventListeners } from 'node:events';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { type ModelEndpoint, startModelEndpoint } from '@pickup/testkit/model';
import { afterEach, describe, expect, test } from 'vitest';
import type { ModelRequest } from '../talk/model.ts';
import { createOpenAiModel, type ModelClock, type ModelTimes } from './openai-model.ts';

const CLOCK: ModelClock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
const ASK: ModelRequest = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'Hi' }] };
const KEY = 'sk-secret-of-the-operator';

let endpoint: FakeEndpoint | ModelEndpoint;
afterEach(() => endpoint?.close());

async function model(answers: readonly EndpointAnswer[], times: Partial<ModelTimes> = {}, path = '/v1') {
  const fake = await startFakeEndpoint({ handler: (_, nth) => answers[Math.min(nth, answers.length) - 1]! });
  endpoint = fake;
  const ask = createOpenAiModel({
    baseUrl: `${fake.url}${path}`,
    apiKey: KEY,
    clock: CLOCK,
    fetch,
    random: () => 0,
    times,
  });
  return { fake, ask: () => ask(ASK, new AbortController().signal) };
}
const stream = (...events: readonly string[]): EndpointAnswer => ({
  headers: { 'content-type': 'text/event-stream' },
  body: events.map((event) => `data: ${event}\n\n`).join(''),
});
const chunk = (delta: unknown, finish_reason: string | null = null, more: object = {}) =>
  JSON.stringify({ choices: [{ index: 0, delta, finish_reason }], ...more });
const DONE = chunk({}, 'stop');

describe('the base URL', () => {
  test.each(['/v1', '/v1/', '/openai/deployments/x', '/openai/deployments/x/', ''])('%s is kept', async (path) => {
    const { fake, ask } = await model([stream(chunk({ content: 'Yes.' }), DONE)], {}, path);
    expect(await ask()).toMatchObject({ ok: true, reply: { content: 'Yes.' } });
    expect(fake.requests[0]?.path).toBe(`${path.replace(/\/$/, '')}/chat/completions`);
  });

  test('no redirect takes the key elsewhere', async () => {
    const { fake, ask } = await model([{ status: 307, headers: { location: '/elsewhere' } }], { tries: 1 });
    expect(await ask()).toMatchObject({ ok: false });
    expect(fake.requests).toHaveLength(1);
  });
});

test.each([400, 401, 403, 404, 422, 429, 500])(
  'a key that the endpoint says back with %d is in no reason and no detail',
  async (status) => {
    const error = { message: `Incorrect API key provided: ${KEY}. ${'x'.repeat(420)}${KEY}`, code: 'x', param: KEY };
    const { ask } = await model([{ status, body: JSON.stringify({ error }) }], { tries: 1 });
    const result = await ask();
    expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('Incorrect API key provided: [key].') });
    expect(JSON.stringify(result)).not.toContain(KEY.slice(0, 8));
  },
);

describe('429', () => {
  test('a storm of them is three requests; one that asks for an hour is one', async () => {
    const storm = await model([{ status: 429, headers: { 'retry-after-ms': '5' } }]);
    expect(await storm.ask()).toMatchObject({ ok: false, retry: true, tries: 3 });
    expect(storm.fake.requests).toHaveLength(3);
    await endpoint.close();
    const hour = await model([{ status: 429, headers: { 'retry-after': '3600' } }]);
    expect(await hour.ask()).toMatchObject({ ok: false, retry: true, tries: 1 });
    expect(hour.fake.requests).toHaveLength(1);
  });
});

test('429 waits until the date that Retry-After says, and no longer', async () => {
  const inASecond = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000).toUTCString();
  const { fake, ask } = await model([
    { status: 429, headers: { 'retry-after': inASecond } },
    stream(chunk({ content: 'Yes.' }), DONE),
  ]);
  expect(await ask()).toMatchObject({ ok: true, tries: 2 });
  const [first, second] = fake.requests;
  expect(second!.arrivedMonoMs - first!.arrivedMonoMs).toBeGreaterThan(700);
});

test('what the environment says of an account at OpenAI is told to no endpoint', async () => {
  const [org, project] = [process.env['OPENAI_ORG_ID'], process.env['OPENAI_PROJECT_ID']];
  Object.assign(process.env, { OPENAI_ORG_ID: 'org-of-env', OPENAI_PROJECT_ID: 'proj-of-env' });
  try {
    const { fake, ask } = await model([stream(chunk({ content: 'Yes.' }), DONE)]);
    await ask();
    expect(JSON.stringify(fake.requests[0]?.headers)).not.toMatch(/of-env/);
    expect(fake.requests[0]?.header('authorization')).toBe(`Bearer ${KEY}`);
  } finally {
    for (const [name, value] of [
      ['OPENAI_ORG_ID', org],
      ['OPENAI_PROJECT_ID', project],
    ] as const) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('M4 a signal that outlives many questions keeps nothing of them', async () => {
  const { fake } = await model([stream(chunk({ content: 'Yes.' }), DONE), { status: 500 }, { status: 401 }]);
  const long = new AbortController();
  const options = { baseUrl: fake.url, apiKey: KEY, clock: CLOCK, fetch, random: () => 0 };
  const ask = createOpenAiModel(options);
  for (let nth = 0; nth < 2; nth++) await ask(ASK, long.signal);
  expect(getEventListeners(long.signal, 'abort')).toHaveLength(0);
});

describe('M3 what is no stream of the API’s', () => {
  test.each<[string, EndpointAnswer]>([
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }],
    ['nothing', { body: '' }],
    ['JSON that is none', stream('{"choices":[')],
    ['null', stream('null', DONE)],
    ['choices that are no list', stream('{"choices":{"a":1}}')],
    ['tool calls that are no list', stream(chunk({ tool_calls: 7 }), DONE)],
    ['an error within', stream(chunk({ content: 'Ye' }), '{"error":{"message":"overloaded"}}')],
    ['the end without a reason', stream(chunk({ content: 'Ye' }), '[DONE]')],
  ])('%s is a failure', async (_, answer) => {
    const { ask } = await model([answer], { tries: 1 });
    expect(await ask()).toMatchObject({ ok: false, retry: true, use: { prompt: 0, completion: 0 } });
  });

  test('fields of other types are read as far as they make sense', async () => {
    const calls = [
      { index: 0, id: 7, function: { name: 'look', arguments: { city: 'Rome' } } },
      { index: -1, function: { name: 'no' } },
      { index: 1e9, function: { name: 'no' } },
      { index: 1, id: 'b', function: { name: 9, arguments: '{}' } },
      null,
      { index: 2, id: 'c', function: null },
    ];
    const usage = { prompt_tokens: 'many', completion_tokens: 3 };
    const first = chunk({ content: 7, tool_calls: calls, refusal: {} });
    const { ask } = await model([stream(first, chunk({}, 'tool_calls', { usage }))], { tries: 1 });
    expect(await ask()).toMatchObject({
      ok: true,
      reply: { content: '', toolCalls: [{ id: '', name: 'look', arguments: '{"city":"Rome"}' }] },
      use: { prompt: 0, completion: 3 },
    });
  });

  test('a call that is cut in the middle counts for nothing: only that of the next try is there', async () => {
    const piece = (text: string) =>
      chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'pay', arguments: text } }] });
    const cut = stream(piece('{"amount":'), piece('100'));
    const whole = stream(
      piece('{"amount":'),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '5}' } }] }),
      chunk({}, 'tool_calls'),
    );
    const { ask } = await model([cut, whole]);
    expect(await ask()).toMatchObject({
      ok: true,
      tries: 2,
      reply: { toolCalls: [{ name: 'pay', arguments: '{"amount":5}' }] },
    });
  });
});

describe('an endpoint that does not stop', () => {
  test.each<[string, EndpointAnswer]>([
    [
      'a line without end',
      { headers: { 'content-type': 'text/event-stream' }, body: `data: ${'x'.repeat(3_000_000)}` },
    ],
    [
      'comments without end',
      { headers: { 'content-type': 'text/event-stream' }, body: `: ${'x'.repeat(1_000)}\n\n`.repeat(20_000) },
    ],
    ['an error page without end', { status: 500, body: 'x'.repeat(3_000_000) }],
  ])('%s is cut', async (_, answer) => {
    const { ask } = await model([answer], { tries: 1 });
    const result = await ask();
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result).length).toBeLessThan(2_000);
    if (!result.ok && !result.reason.includes('500')) expect(result.reason).toBe('the model did not stop writing');
  });

  test('arguments without end are cut, in however many calls', async () => {
    endpoint = await startModelEndpoint({
      answer: () => ({
        tool_calls: Array.from({ length: 8 }, () => ({ name: 'look', arguments: `{"a":"${'x'.repeat(40_000)}"}` })),
      }),
    });
    const ask = createOpenAiModel({
      baseUrl: (endpoint as ModelEndpoint).baseUrl,
      clock: CLOCK,
      fetch,
      random: () => 0,
    });
    expect(await ask(ASK, new AbortController().signal)).toMatchObject({
      ok: false,
      reason: 'the model did not stop writing',
    });
  });
});
