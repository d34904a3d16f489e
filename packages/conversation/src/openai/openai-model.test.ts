import { type ModelAnswer, type ModelEndpoint, startModelEndpoint } from '@pickup/testkit/model';
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
const ASK: ModelRequest = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'Hi' }], temperature: 0.5 };
const TOOL = {
  name: 'find',
  description: 'Finds it',
  parameters: { type: 'object', properties: { what: { type: 'string' } } },
};

let endpoint: ModelEndpoint;
afterEach(() => endpoint?.close());

async function model(answers: readonly ModelAnswer[], times: Partial<ModelTimes> = {}, apiKey = 'sk-test') {
  endpoint = await startModelEndpoint({ answer: (_, nth) => answers[nth - 1] ?? { text: 'More?' }, apiKey: 'sk-test' });
  const ask = createOpenAiModel({ baseUrl: endpoint.baseUrl, apiKey, clock: CLOCK, fetch, random: () => 0, times });
  return (request: ModelRequest = ASK, signal = new AbortController().signal) => ask(request, signal);
}

describe('what is asked and answered', () => {
  test('text and tool calls come in pieces and are put together, with their tokens', async () => {
    const answer: ModelAnswer = {
      text: 'One  moment,\nplease. ',
      tool_calls: [
        { name: 'find', arguments: { what: 'a "café" and more' }, id: 'call_a' },
        { name: 'find', arguments: '{"what":', id: 'call_b' },
      ],
      usage: { prompt_tokens: 70, completion_tokens: 11 },
    };
    const ask = await model([answer]);
    expect(await ask({ ...ASK, tools: [TOOL] })).toEqual({
      ok: true,
      reply: {
        content: 'One  moment,\nplease. ',
        toolCalls: [
          { id: 'call_a', name: 'find', arguments: '{"what":"a \\"café\\" and more"}' },
          { id: 'call_b', name: 'find', arguments: '{"what":' },
        ],
      },
      use: { prompt: 70, completion: 11 },
      tries: 1,
    });
    const [request] = endpoint.requests;
    expect(request?.headers).toMatchObject({ authorization: 'Bearer sk-test' });
    expect(request?.body).toMatchObject({
      model: 'gpt-4.1',
      temperature: 0.5,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(request?.body).not.toHaveProperty('tool_choice');
    expect(request?.tools).toEqual([{ type: 'function', function: TOOL }]);
  });

  test('tool results, a forced tool, strictness and priority are on the wire', async () => {
    const ask = await model([]);
    const strict = {
      ...TOOL,
      strict: true,
      parameters: { ...TOOL.parameters, required: ['what'], additionalProperties: false },
    };
    await ask({
      model: 'gpt-4.1',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'find', arguments: '{}' }] },
        { role: 'tool', toolCallId: 'c1', content: 'none' },
      ],
      tools: [strict],
      toolChoice: { name: 'find' },
      highPriority: true,
    });
    expect(endpoint.faults).toEqual([]);
    expect(endpoint.requests[0]?.body).toMatchObject({
      service_tier: 'priority',
      tool_choice: { type: 'function', function: { name: 'find' } },
      messages: [{}, { content: null, tool_calls: [{ id: 'c1' }] }, { role: 'tool', tool_call_id: 'c1' }],
    });
    expect(endpoint.requests[0]?.body).not.toHaveProperty('temperature');
  });

  test('a model that takes no temperature is asked without one, then and later', async () => {
    const refused = { status: 400, error: { param: 'temperature', code: 'unsupported_value' } };
    const ask = await model([refused, { text: 'Yes.' }, { text: 'Again.' }]);
    expect(await ask()).toMatchObject({ ok: true, reply: { content: 'Yes.' } });
    expect(await ask()).toMatchObject({ ok: true, reply: { content: 'Again.' } });
    expect(endpoint.requests.map(({ body }) => 'temperature' in body)).toEqual([true, false, false]);
  });
});

describe('M2 what is tried again', () => {
  test.each<readonly [string, ModelAnswer]>([
    ['a cut stream, by a reset', { text: 'This is cut off here', cut: { after: 3, how: 'reset' } }],
    ['M3 a stream that ends without its end', { text: 'This is cut off here', cut: { after: 3, how: 'end' } }],
    ['a cut tool call', { tool_calls: [{ name: 'find', arguments: { what: 'x' } }], cut: { after: 2, how: 'end' } }],
    ['500', { status: 500 }],
    ['503 with a wait', { status: 503, headers: { 'retry-after': '0' } }],
    ['a reset', 'reset'],
  ])('%s', async (_, failure) => {
    const ask = await model([failure, { text: 'Whole.' }]);
    expect(await ask()).toMatchObject({ ok: true, tries: 2, reply: { content: 'Whole.', toolCalls: [] } });
  });

  test('429 is tried again after the time that Retry-After says', async () => {
    const ask = await model([{ status: 429, headers: { 'retry-after': '1' } }, { text: 'Now.' }]);
    expect(await ask()).toMatchObject({ ok: true, tries: 2 });
    const [first, second] = endpoint.requests;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990);
  });

  test('no more than three times; the reason is public and says nothing of the endpoint', async () => {
    const failure = { status: 500, error: { message: 'secret inside' } };
    const ask = await model([failure, failure, failure, failure]);
    const result = await ask();
    expect(result).toMatchObject({ ok: false, retry: true, tries: 3, reason: 'the model endpoint failed (500)' });
    expect(endpoint.requests).toHaveLength(3);
    expect(JSON.stringify({ ...result, detail: '' })).not.toContain('secret');
  });

  test.each<readonly [string, ModelAnswer, RegExp, boolean]>([
    ['a Retry-After of an hour', { status: 429, headers: { 'retry-after': '3600' } }, /limits our rate/, true],
    ['no quota', { status: 429, error: { code: 'insufficient_quota' } }, /no quota/, false],
    ['a bad request', { status: 400 }, /refused the request \(400\)/, false],
    ['an unknown model', { status: 404 }, /\(404\)/, false],
    ['a filtered answer', { text: 'No', finish_reason: 'content_filter' }, /content filter/, false],
  ])('not %s', async (_, failure, reason, retry) => {
    const ask = await model([failure]);
    const result = await ask();
    expect(result).toMatchObject({ ok: false, retry, tries: 1 });
    expect(!result.ok && result.reason).toMatch(reason);
    expect(endpoint.requests).toHaveLength(1);
  });

  test('not a refused key', async () => {
    const ask = await model([], {}, 'sk-wrong');
    expect(await ask()).toMatchObject({ ok: false, retry: false, reason: 'the model endpoint refuses the key (401)' });
  });
});

describe('M1 time', () => {
  test('a slow model that goes on is waited for; one that falls silent is not', async () => {
    const slow = { text: 'a b c d e f g h', tokenDelayMs: 60 };
    const silent = { text: 'a b', tokenDelayMs: 2_000 };
    const ask = await model([slow, silent], { pieceMs: 300, tries: 1 });
    expect(await ask()).toMatchObject({ ok: true, reply: { content: 'a b c d e f g h' } });
    expect(await ask()).toMatchObject({ ok: false, retry: true, reason: expect.stringContaining('fell silent') });
    await expect.poll(() => endpoint.abandoned).toBe(1);
  });

  test('an endpoint that never answers, and one that drips for ever', async () => {
    const drip = { text: 'x '.repeat(500), tokenDelayMs: 20 };
    const ask = await model(['hang', drip], { firstPieceMs: 100, requestMs: 300, tries: 1 });
    expect(await ask()).toMatchObject({ ok: false, reason: expect.stringContaining('did not begin') });
    expect(await ask()).toMatchObject({ ok: false, reason: expect.stringContaining('too long') });
  });

  test('M4 whoever gives up hears at once, in the middle of a stream and between two tries', async () => {
    const ask = await model([
      { text: 'a b c', tokenDelayMs: 5_000 },
      { status: 429, headers: { 'retry-after': '9' } },
    ]);
    for (const nth of [1, 2]) {
      const abort = new AbortController();
      const asked = ask(ASK, abort.signal);
      await expect.poll(() => endpoint.requests.length).toBe(nth);
      const from = performance.now();
      setTimeout(() => abort.abort(), 50);
      expect(await asked).toMatchObject({ ok: false });
      expect(performance.now() - from).toBeLessThan(1_000);
    }
    expect(endpoint.requests).toHaveLength(2);
  });

  test('a model that never stops writing is stopped', async () => {
    const ask = await model([{ text: `${'word '.repeat(50_000)}` }]);
    expect(await ask()).toMatchObject({ ok: false, retry: false, reason: 'the model did not stop writing' });
  });
});
