import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { accept, createInboundHandler, type InboundHandlerOptions, override, reject } from '../index.ts';
import { nodeListener } from '../node.ts';
import { ring, text } from './ring.ts';

const FROM = '+12137771234';
const TO = '+12137771235';
const numbers = { from: FROM, to: TO };
const make = (onCall: NonNullable<InboundHandlerOptions['onCall']>, more: Partial<InboundHandlerOptions> = {}) =>
  createInboundHandler({
    apiKey: 'key_of_the_test',
    onCall,
    onIssue: () => {},
    onRefused: () => {},
    onError: () => {},
    ...more,
  });

test('E1 a connected call has its agent, version, variables, metadata and settings', async () => {
  const inbound = make(({ from_number }) =>
    override({
      agent_id: 'agent_1',
      version: 3,
      variables: { from_number },
      metadata: { vip: true },
      agent: { voice_speed: 1.1 },
      retell_llm: { begin_message: 'Hi' },
    }),
  );
  const outcome = await ring(inbound, numbers);
  expect(outcome).toMatchObject({
    outcome: 'connected',
    agent_id: 'agent_1',
    agent_version: 3,
    dynamic_variables: { from_number: FROM },
    metadata: { vip: true },
    settings: { agent: { voice_speed: 1.1 }, engine: { begin_message: 'Hi' } },
    issues: [],
    attempts: [{ attempt: 1, status: 200, verdict: 'accepted' }],
    reply: { call_inbound: { override_agent_id: 'agent_1' } },
  });
  expect(outcome.decision.join('\n')).toContain('that the agent exists was not checked');
  expect(outcome.explanation.headline).toContain('Connected to agent_1 version 3');
});

test('E2, D8 without an agent it is declined, with the number’s own connected, and reject turns it away', async () => {
  expect(
    await ring(
      make(() => accept()),
      numbers,
    ),
  ).toMatchObject({ outcome: 'declined' });
  const own = await ring(
    make((call) => accept({ variables: { own: call.agent_id } })),
    { ...numbers, agent: 'agent_own' },
  );
  expect(own).toMatchObject({ outcome: 'connected', agent_id: 'agent_own', dynamic_variables: { own: 'agent_own' } });
  expect(
    await ring(
      make(() => reject()),
      { ...numbers, agent: 'agent_own' },
    ),
  ).toMatchObject({ outcome: 'declined' });
});

test('a text is asked as chat_inbound', async () => {
  const inbound = make(() => reject(), { onSms: () => accept({ agent_id: 'agent_chat' }) });
  expect(await text(inbound, numbers)).toMatchObject({ outcome: 'connected', agent_id: 'agent_chat' });
});

test('E6 what is not well-formed refuses, or is ignored where the number says so', async () => {
  const inbound = make(() => override({ agent_id: 'agent_1', agent: { voice_speed: 9 } }));
  const refused = await ring(inbound, numbers);
  expect(refused).toMatchObject({ outcome: 'invalid_override', issues: [{ code: 'out_of_range', rule: 'E5' }] });
  expect(refused.explanation.headline).toContain('voice_speed');
  const ignored = await ring(inbound, { ...numbers, number: { on_invalid_override: 'ignore' } });
  expect(ignored).toMatchObject({ outcome: 'connected' });
});

describe('the agents that exist', () => {
  const agents = [
    'agent_1',
    { agent_id: 'agent_2', versions: [0, 1, 4], published: [1], tags: { prod: 1 } },
    { agent_id: 'agent_flow', engine: 'conversation-flow' as const },
    { agent_id: 'agent_chat', channel: 'chat' as const },
  ];
  const reply = (agent_id: string, version?: number | string) =>
    ring(
      make(() =>
        override({ agent_id, ...(version !== undefined && { version }), retell_llm: { begin_message: 'Hi' } }),
      ),
      { ...numbers, agents },
    );

  test('E6 others are unknown, and so are other versions and agents of the other channel', async () => {
    expect(await reply('agent_3')).toMatchObject({ outcome: 'unknown_agent' });
    expect(await reply('agent_2', 2)).toMatchObject({ outcome: 'unknown_agent' });
    expect(await reply('agent_2', 'staging')).toMatchObject({ outcome: 'unknown_agent' });
    expect(await reply('agent_chat')).toMatchObject({ outcome: 'unknown_agent', issues: [{ code: 'wrong_channel' }] });
  });

  test('D4 numbers, tags, latest and latest_published', async () => {
    expect((await reply('agent_2', 4)).agent_version).toBe(4);
    expect((await reply('agent_2')).agent_version).toBe(4);
    expect((await reply('agent_2', 'latest_published')).agent_version).toBe(1);
    expect((await reply('agent_2', 'prod')).agent_version).toBe(1);
    const draft = { agent_id: 'agent_4', versions: [0], published: [] };
    const unpublished = make(() => accept({ agent_id: 'agent_4', version: 'latest_published' }));
    expect(await ring(unpublished, { ...numbers, agents: [draft] })).toMatchObject({ outcome: 'unknown_agent' });
  });

  test('a version that nobody knows is not made up', async () => {
    const latest = await ring(
      make(() => accept({ agent_id: 'agent_9' })),
      numbers,
    );
    expect(latest).toMatchObject({ outcome: 'connected', agent_id: 'agent_9' });
    expect(latest).not.toHaveProperty('agent_version');
    expect(latest.explanation.headline).toBe('Connected to agent_9, as the webhook replied.');
  });

  test('E7 a group of another engine is ignored with a warning', async () => {
    expect((await reply('agent_1')).issues).toEqual([]);
    expect((await reply('agent_flow')).issues).toMatchObject([
      { severity: 'warning', pointer: expect.stringContaining('retell_llm') },
    ]);
  });
});

describe('retries and time pass on a virtual clock', () => {
  test('C2, E3 a handler that throws is asked four times, and the caller waits 6 s', async () => {
    const onCall = vi.fn(() => {
      throw new Error('no database');
    });
    const outcome = await ring(make(onCall), { ...numbers, agent: 'agent_own' });
    expect(onCall).toHaveBeenCalledTimes(4);
    expect(outcome).toMatchObject({ outcome: 'connected', agent_id: 'agent_own' });
    expect(outcome.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
    expect(outcome.waited_ms).toBeGreaterThanOrEqual(6000);
    expect(outcome.waited_ms).toBeLessThan(7000);
  });

  test('C1 a handler that never answers is given patienceMs of real time, and its signal aborts', async () => {
    const aborted = vi.fn();
    const inbound = make((_, { signal }) => {
      signal.addEventListener('abort', aborted);
      return new Promise(() => {});
    });
    const startedAt = Date.now();
    const outcome = await ring(inbound, { ...numbers, patienceMs: 50 });
    expect(outcome).toMatchObject({ outcome: 'webhook_failed', attempts: [{ error: 'timeout' }, {}, {}, {}] });
    expect(outcome.waited_ms).toBeGreaterThanOrEqual(40_000);
    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(aborted).toHaveBeenCalled();
  });

  test.each([
    ['timeout', { outcome: 'webhook_failed' }, 0],
    ['timeout:2', { outcome: 'connected' }, 1],
    ['500:3', { outcome: 'connected' }, 1],
    ['reset:1', { outcome: 'connected' }, 1],
    // 52 bytes, one every 300 ms, are never complete within 10 s.
    ['slow-drip', { outcome: 'webhook_failed', waited_ms: expect.toSatisfy((ms: number) => ms >= 40_000) }, 1],
    ['malformed', { outcome: 'webhook_failed' }, 1],
    ['duplicate', { outcome: 'connected', issues: [] }, 1],
    ['hang-up', { outcome: 'caller_abandoned', waited_ms: expect.toSatisfy((ms: number) => ms < 1500) }, 1],
  ] as const)('fault %s: a retry gets the reply of the first attempt', async (fault, expected, runs) => {
    const onCall = vi.fn(() => accept({ agent_id: 'agent_1' }));
    const outcome = await ring(make(onCall), { ...numbers, fault, number: { ring_budget_ms: 60_000 } });
    expect(outcome).toMatchObject(expected);
    expect(onCall).toHaveBeenCalledTimes(runs);
    expect(outcome.attempts.at(0)?.simulated).toBe(true);
  });

  test('the time that a handler really takes is time the caller waits', async () => {
    const slow = make(() => new Promise((resolve) => setTimeout(() => resolve(accept()), 60)));
    const { waited_ms } = await ring(slow, { ...numbers, agent: 'agent_1' });
    expect(waited_ms).toBeGreaterThanOrEqual(55);
    expect(waited_ms).toBeLessThan(5_000);
  });

  test('duplicate: replies that differ are told', async () => {
    let count = 0;
    const bare = () => Response.json({ call_inbound: { override_agent_id: 'agent_1', metadata: { count: ++count } } });
    const outcome = await ring(bare, { ...numbers, apiKey: 'key', fault: 'duplicate' });
    expect(outcome).toMatchObject({
      outcome: 'connected',
      metadata: { count: 1 },
      issues: [{ code: 'answers_differ' }],
    });
  });
});

describe('other endpoints', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  test('one that runs, by its URL', async () => {
    const server = createServer(nodeListener(make(() => accept({ agent_id: 'agent_1' }))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await ring(url, { ...numbers, apiKey: 'key_of_the_test' })).toMatchObject({ outcome: 'connected' });
    const wrong = await ring(url, { ...numbers, apiKey: 'another' });
    expect(wrong).toMatchObject({
      outcome: 'webhook_failed',
      attempts: [{ status: 401, verification: 'wrong_key' }, {}, {}, {}],
    });
  });

  test('one that does not run', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const outcome = await ring(`http://127.0.0.1:${port}/`, { ...numbers, apiKey: 'key' });
    expect(outcome.outcome).toBe('webhook_failed');
    expect(outcome.attempts[0]).toMatchObject({ error: 'connect_error', reason: 'ECONNREFUSED' });
  });

  test('a bare function whose bug is the test’s, and what is no endpoint', async () => {
    const broken = () => {
      throw new Error('a bug');
    };
    await expect(ring(broken, { ...numbers, apiKey: 'key' })).rejects.toThrow('a bug');
    await expect(ring(() => new Response(), numbers)).rejects.toThrow('ring needs apiKey');
    await expect(ring({} as never, { ...numbers, apiKey: 'key' })).rejects.toThrow('ring takes');
    await expect(
      ring(
        make(() => accept()),
        { ...numbers, fault: 'gremlins' as never },
      ),
    ).rejects.toThrow('fault must be one of');
  });
});
