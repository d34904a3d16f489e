/** What endpoints answer, over real sockets (reliability cases 19 to 38, rules D). */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NumberOptions, openStage, type Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const json = (value: unknown) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
const reply = (fields: object) => json({ call_inbound: fields });
/** Time for two attempts. */
const TWO_ATTEMPTS = { ring_budget_ms: 2_400 };
const place = (script: NonNullable<NumberOptions['script']>, options: Omit<NumberOptions, 'script'> = {}) =>
  stage.place({ ...options, script });

describe.concurrent('success without overrides (D2)', () => {
  test.each([
    ['case 19 a 204', { status: 204 }],
    ['case 19 a 200 with an empty body', { body: '' }],
    ['D2 {}', { body: '{}' }],
    ['D2 null for the group', json({ call_inbound: null })],
  ])('%s: the number’s agent answers; where there is none the caller is declined', async (_name, script) => {
    const [agent, none] = await Promise.all([place(script), place(script, { agent: false })]);
    expect(agent.inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    expect(none.inbound).toMatchObject({ outcome: 'declined' });
    expect([agent.requests.length, none.requests.length]).toEqual([1, 1]);
  });

  test('case 28 the other group counts as none, with a warning', async () => {
    const { inbound } = await place(json({ chat_inbound: { override_agent_id: 'agent_x' } }));
    expect(inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    expect(inbound.issues).toContainEqual(expect.objectContaining({ severity: 'warning', pointer: '/chat_inbound' }));
  });
});

const BAD: readonly (readonly [string, NonNullable<NumberOptions['script']>])[] = [
  ['case 20 text/html', { headers: { 'content-type': 'text/html' }, body: '<html><body>ok</body></html>' }],
  ['case 21 invalid JSON', { body: '{"call_inbound":' }],
  ['case 21 a byte order mark', { body: '\uFEFF{"call_inbound":{}}' }],
  ['case 21 UTF-16', { body: Buffer.from('{"call_inbound":{}}', 'utf16le') }],
  ['case 21 a lone surrogate, escaped', { body: '{"call_inbound":{"dynamic_variables":{"a":"\\ud800"}}}' }],
  ['case 21 a lone surrogate, in bytes', { body: Buffer.from('7b2261223a22eda080227d', 'hex') }],
  ['case 22 257 KiB', { body: `{"pad":"${'x'.repeat(257 * 1_024)}"}` }],
  ['case 23 a gzip bomb', { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(50_000_000, 32)) }],
  ['D1 nesting of 100,000', { body: `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` }],
  ['case 32 10,000 variables', reply({ dynamic_variables: manyVariables(10_000) })],
  ['case 32 a variable of 1 MB', reply({ dynamic_variables: { big: 'x'.repeat(1_000_000) } })],
  ['D5 a list as a variable', reply({ dynamic_variables: { list: [1] } })],
  ['case 33 metadata over 50 kB', reply({ metadata: { pad: 'x'.repeat(50_001) } })],
  ['D3 an agent id that is a number', reply({ override_agent_id: 12345 })],
];

describe.concurrent('bad replies (D3)', () => {
  test.each(BAD)('%s: not retried, handled as a failed webhook', async (_name, script) => {
    const [agent, none] = await Promise.all([place(script), place(script, { agent: false })]);
    expect(agent.inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    expect(none.inbound).toMatchObject({ outcome: 'webhook_failed' });
    for (const { inbound, requests } of [agent, none]) {
      expect(inbound.attempts.map(({ verdict }) => verdict)).toEqual(['bad_reply']);
      expect(inbound.issues.some(({ severity }) => severity === 'error')).toBe(true);
      expect(requests).toHaveLength(1);
    }
  });

  test('case 22 a body without end is cut at the cap, and memory stays flat', async () => {
    const endless = (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = Buffer.from(`10000\r\n${'y'.repeat(65_536)}\r\n`);
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
    };
    await place(endless);
    const before = residentKib(stage.gateway.pid);
    const placed = await Promise.all(Array.from({ length: 20 }, () => place(endless)));
    for (const { inbound } of placed) expect(inbound.attempts.map(({ verdict }) => verdict)).toEqual(['bad_reply']);
    // Twenty capped bodies are 5 MiB; without the cap they would be as large as two seconds of loopback.
    expect(residentKib(stage.gateway.pid) - before).toBeLessThan(100 * 1_024);
  });
});

describe.concurrent('replies that are used', () => {
  test('case 23 gzip although identity was asked is inflated', async () => {
    const body = gzipSync(JSON.stringify({ call_inbound: { metadata: { zipped: true } } }));
    const { inbound, requests } = await place({ headers: { 'content-encoding': 'gzip' }, body });
    expect(requests[0]?.header('accept-encoding')).toBe('identity');
    expect(await stage.gateway.client.call.retrieve(inbound.call_id!)).toMatchObject({ metadata: { zipped: true } });
  });

  test('case 27 unknown fields are ignored with a warning and the nearest known name', async () => {
    const body = '{"call_inbound":{"dynamic_variable":{"a":"b"},"__proto__":{"reject":true},"metadata":{"kept":1}}}';
    const { inbound } = await place({ body });
    expect(inbound.outcome).toBe('connected');
    const issue = inbound.issues.find(({ pointer }) => pointer === '/call_inbound/dynamic_variable');
    expect(issue).toMatchObject({ severity: 'warning', effect: 'ignored' });
    expect(issue?.message).toContain('dynamic_variables');
    expect(await stage.gateway.client.call.retrieve(inbound.call_id!)).toMatchObject({ metadata: { kept: 1 } });
  });

  test('case 32 {{x}} inside a value is never expanded', async () => {
    const { inbound } = await place(reply({ dynamic_variables: { customer_name: '{{other}}', other: 'Eve' } }));
    const call = await stage.gateway.client.call.retrieve(inbound.call_id!);
    expect(call).toMatchObject({ transcript: 'Agent: Hello {{other}}.\n' });
  });

  test.each([200, 201, 202, 203, 206, 226, 299])('case 35 %i is success', async (status) => {
    const { inbound, requests } = await place({ ...reply({ metadata: { status } }), status });
    expect(inbound).toMatchObject({ outcome: 'connected', attempts: [{ status, verdict: 'accepted' }] });
    expect(requests).toHaveLength(1);
  });
});

describe.concurrent('overrides that cannot be used (E6)', () => {
  test('case 30 an unknown agent, an unknown version', async () => {
    const [agent, version] = await Promise.all([
      place(reply({ override_agent_id: 'agent_nobody' })),
      place(reply({ override_agent_id: stage.agentId, override_agent_version: 77 })),
    ]);
    expect([agent.inbound.outcome, version.inbound.outcome]).toEqual(['unknown_agent', 'unknown_agent']);
    expect(agent.requests).toHaveLength(1);
  });

  test('case 30 on_invalid_override ignore connects all the same, and says so', async () => {
    const { inbound } = await place(reply({ override_agent_id: 'agent_nobody' }), {
      settings: { on_invalid_override: 'ignore' },
    });
    expect(inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    expect(inbound.issues.some(({ effect }) => effect === 'ignored')).toBe(true);
  });

  test.each([-1, 1e12])('case 31 voice_temperature 9 and max_call_duration_ms %d: both faults at once', async (ms) => {
    const { inbound } = await place(
      reply({ agent_override: { agent: { voice_temperature: 9, max_call_duration_ms: ms } } }),
    );
    expect(inbound.outcome).toBe('invalid_override');
    const faults = inbound.issues.filter(({ severity }) => severity === 'error').map(({ pointer }) => pointer);
    expect(faults.sort()).toEqual([
      '/call_inbound/agent_override/agent/max_call_duration_ms',
      '/call_inbound/agent_override/agent/voice_temperature',
    ]);
  });
});

describe.concurrent('failures by status (C2)', () => {
  let elsewhere: FakeEndpoint;
  beforeAll(async () => {
    elsewhere = await startFakeEndpoint();
  });
  afterAll(() => elsewhere?.close());

  test.each([300, 301, 302, 303, 307, 308, 399])(
    'case 35 %i is a failure, and its Location is never fetched',
    async (status) => {
      const script = { status, headers: { location: `${elsewhere.url}/elsewhere` } };
      const { inbound } = await place(script, { settings: TWO_ATTEMPTS });
      expect(inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
      expect(inbound.attempts.map((attempt) => [attempt.status, attempt.error])).toEqual([
        [status, 'redirect'],
        [status, 'redirect'],
      ]);
      expect(elsewhere.requests).toEqual([]);
    },
  );

  test.each([400, 401, 403, 404, 410, 422, 429, 500, 503])('case 36 %i is retried', async (status) => {
    const { inbound, requests } = await place(
      {
        nth: (nth) =>
          nth === 1 ? { status, body: '{"call_inbound":{"reject":true}}' } : reply({ metadata: { status } }),
      },
      { settings: { ring_budget_ms: 5_000 } },
    );
    expect(requests).toHaveLength(2);
    expect(inbound.attempts.map(({ verdict }) => verdict)).toEqual(['failed', 'accepted']);
    expect(inbound.outcome).toBe('connected');
  });

  test.each([429, 503])('case 37 %i with Retry-After 1 is waited for', async (status) => {
    const { inbound } = await place(
      { nth: (nth) => (nth === 1 ? { status, headers: { 'retry-after': '1' } } : { body: '{}' }) },
      { settings: { ring_budget_ms: 8_000 } },
    );
    const [first, second] = inbound.attempts;
    const pauseMs = second!.start_timestamp - first!.end_timestamp;
    expect(pauseMs).toBeGreaterThanOrEqual(990);
    expect(inbound.decision.join('\n')).toContain('Retry-After');
  });

  test.each(['3600', 'Wed, 21 Oct 2037 07:28:00 GMT'])('case 37 Retry-After %s is not waited for', async (when) => {
    const { inbound } = await place(
      { nth: (nth) => (nth === 1 ? { status: 503, headers: { 'retry-after': when } } : { body: '{}' }) },
      { settings: { ring_budget_ms: 8_000 } },
    );
    expect(inbound).toMatchObject({ outcome: 'connected', attempts: [{ verdict: 'failed' }, { verdict: 'accepted' }] });
    expect(inbound.decision.join('\n')).not.toContain('as Retry-After asks');
  });

  test('case 38 a cookie is never sent back', async () => {
    const { requests } = await place(
      { nth: (nth) => ({ status: nth === 1 ? 503 : 200, headers: { 'set-cookie': 'session=1; Path=/' }, body: '{}' }) },
      { settings: { ring_budget_ms: 5_000 } },
    );
    expect(requests).toHaveLength(2);
    expect(requests.map((request) => request.header('cookie'))).toEqual([undefined, undefined]);
  });
});

function manyVariables(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`variable_${at}`, 'value']));
}

function residentKib(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib);
}
