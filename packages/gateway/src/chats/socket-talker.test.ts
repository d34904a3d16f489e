import type { SessionPlan } from '@pickup/core';
import { createOutbound, type Outbound } from '@pickup/outbound';
import { type CustomLlmServer, type CustomLlmServerOptions, startCustomLlmServer } from '@pickup/testkit/model';
import { afterEach, expect, test } from 'vitest';
import { createLog } from '../observe/log.ts';
import { systemClock } from '../runners/clock.ts';
import { type SocketTimes, socketTalker } from './socket-talker.ts';
import type { ChatMoment } from './talker.ts';

let server: CustomLlmServer;
let outbound: Outbound;
afterEach(() => Promise.all([server?.close(), outbound?.close()]));

const PLAN = {
  ...{
    session_id: 'chat_1',
    agent_id: 'agent_1',
    agent_version: 0,
    direction: 'inbound',
    from_number: '',
    to_number: '',
  },
  ...{ metadata: { tier: 1 }, dynamic_variables: { name: 'Bo' }, variables: {} },
} as unknown as SessionPlan;
const MOMENT: ChatMoment = { plan: PLAN, startedAt: 1, now: 2, turn: 0 };
const NEVER = new AbortController().signal;
const CONFIG = {
  response_type: 'config',
  config: { call_details: true, auto_reconnect: true, transcript_with_tool_calls: true },
};
const says = (response_id: number, content: string, more: object = {}) => ({
  ...{ response_type: 'response', response_id, content, content_complete: true },
  ...more,
});

async function talkTo(
  options: CustomLlmServerOptions,
  times: Partial<SocketTimes> = {},
  allow = ['127.0.0.0/8'],
  more = '',
) {
  server = await startCustomLlmServer(options);
  outbound = createOutbound({ clock: systemClock, allow, loopback: false, ownPorts: () => [] });
  const log = createLog({ write: () => {}, clock: systemClock });
  return socketTalker({ outbound, clock: systemClock, log, times }, server.url + more);
}

test('the begin message, then answers in pieces with tool calls; each turn has a socket of its own and the whole talk', async () => {
  const talker = await talkTo({
    onOpen: (session) => {
      session.send(CONFIG);
      session.send(says(0, 'Hello.'));
    },
    onMessage: ({ interaction_type, response_id }, session) => {
      if (interaction_type !== 'response_required') return;
      session.send({ response_type: 'tool_call_invocation', tool_call_id: 't1', name: 'find', arguments: '{}' });
      session.send({ response_type: 'tool_call_result', tool_call_id: 't1', content: 'found' });
      session.send(says(99, 'of another turn'));
      session.send(says(response_id as number, 'It is ', { content_complete: false }));
      session.send({ response_type: 'odd' });
      session.send(says(response_id as number, 'there.'));
    },
  });
  const opened = await talker.open(MOMENT, NEVER);
  expect(opened).toMatchObject({ ok: true, turn: { entries: [{ role: 'agent', content: 'Hello.' }] } });
  if (!opened.ok) return;
  const first = await talker.answer(opened.turn.state, 'Where?', MOMENT, NEVER);
  expect(first.ok && first.turn.entries.map((entry) => ('content' in entry ? entry.content : entry.role))).toEqual([
    ...['tool_call_invocation', 'found', 'It is there.'],
  ]);
  expect(server.paths).toEqual(['/llm/chat_1', '/llm/chat_1']);
  const asked = server.received.filter(({ interaction_type }) => interaction_type === 'response_required');
  expect(asked).toMatchObject([
    {
      response_id: 1,
      transcript: [
        { role: 'agent', content: 'Hello.' },
        { role: 'user', content: 'Where?' },
      ],
    },
  ]);
  expect(asked[0]).toHaveProperty('transcript_with_tool_calls');
  expect(server.received.find(({ interaction_type }) => interaction_type === 'call_details')).toMatchObject({
    call: { call_id: 'chat_1', chat_id: 'chat_1', metadata: { tier: 1 }, retell_llm_dynamic_variables: { name: 'Bo' } },
  });
  expect(server.received.some(({ interaction_type }) => interaction_type === 'ping_pong')).toBe(true);
  if (!first.ok) return;
  await talker.answer(JSON.parse(JSON.stringify(first.turn.state)), 'And?', MOMENT, NEVER);
  const last = server.received.findLast(({ interaction_type }) => interaction_type === 'response_required');
  expect(last).toMatchObject({
    response_id: 2,
    transcript: [{}, {}, { content: 'It is there.' }, { content: 'And?' }],
  });
  await expect.poll(() => server.open).toBe(0);
});

test('a server without config is asked all the same; end_call ends the chat; one without a begin message waits', async () => {
  const talker = await talkTo(
    {
      onMessage: ({ interaction_type, response_id }, session) =>
        interaction_type === 'response_required' &&
        session.send(says(response_id as number, 'Bye.', { end_call: true })),
    },
    { beginMs: 100, configMs: 50 },
  );
  const opened = await talker.open(MOMENT, NEVER);
  expect(opened).toMatchObject({ ok: true, turn: { entries: [] } });
  expect(opened.ok && (await talker.answer(opened.turn.state, 'Hi', MOMENT, NEVER))).toMatchObject({
    ok: true,
    turn: { entries: [{ content: 'Bye.' }], ended: expect.stringContaining('server ended') },
  });
});

test('a connection lost in the middle is made once more; a server that is silent, refuses or floods is a failure', async () => {
  let connections = 0;
  let mode: 'cut' | 'silent' | 'flood' = 'cut';
  const talker = await talkTo(
    {
      onOpen: () => void connections++,
      onMessage: ({ response_id }, session) => {
        if (mode === 'silent') return;
        if (mode === 'flood') return session.send(says(response_id as number, 'x'.repeat(2_000_000)));
        if (connections === 1) return session.cut();
        session.send(says(response_id as number, 'Again.'));
      },
    },
    { configMs: 10, responseMs: 300 },
  );
  const state = { history: [], responses: 0 };
  expect(await talker.answer(state, 'Hi', MOMENT, NEVER)).toMatchObject({
    ok: true,
    turn: { entries: [{ content: 'Again.' }] },
  });
  expect(connections).toBe(2);
  mode = 'silent';
  const silent = await talker.answer(state, 'Hi', MOMENT, NEVER);
  expect(silent).toMatchObject({ ok: false, retry: true, reason: expect.stringContaining('in time') });
  // It had all its time, and is not given it twice.
  expect(connections).toBe(3);
  mode = 'flood';
  expect(await talker.answer(state, 'Hi', MOMENT, NEVER)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('lost'),
  });
});

test('an address that is not allowed is never connected to, and whoever gives up hears at once', async () => {
  const refused = await talkTo({}, {}, []);
  const state = { history: [], responses: 0 };
  expect(await refused.answer(state, 'Hi', MOMENT, NEVER)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('not allowed by the operator'),
  });
  expect(server.paths).toEqual([]);
  await Promise.all([server.close(), outbound.close()]);
  const talker = await talkTo({});
  const abort = new AbortController();
  const answer = talker.answer(state, 'Hi', MOMENT, abort.signal);
  await expect.poll(() => server.open).toBe(1);
  abort.abort();
  expect(await answer).toMatchObject({ ok: false });
  await expect.poll(() => server.open).toBe(0);
});

test('a server that refuses to open the socket is a failure', async () => {
  const talker = await talkTo({ refuse: () => 503 });
  expect(await talker.open(MOMENT, NEVER)).toMatchObject({
    ok: false,
    retry: true,
    reason: expect.stringContaining('cannot be reached'),
  });
});

test('a flood of configs is answered once, one of words is bounded and ends with the answer, and what comes after it is nobody’s', async () => {
  const talker = await talkTo(
    {
      onOpen: (session) => {
        for (let nth = 0; nth < 300; nth++) session.send(CONFIG);
        for (let nth = 0; nth < 300; nth++) {
          session.send({ response_type: 'agent_interrupt', content: `Wait ${nth}.`, content_complete: true });
        }
      },
      onMessage: ({ interaction_type, response_id }, session) => {
        if (interaction_type !== 'response_required') return;
        session.send(says(response_id as number, 'There.'));
        session.send({ response_type: 'agent_interrupt', content: 'Late.', content_complete: true });
      },
    },
    { configMs: 10 },
  );
  const answered = await talker.answer({ history: [], responses: 0 }, 'Hi', MOMENT, NEVER);
  const entries = answered.ok ? answered.turn.entries : [];
  expect(entries).toHaveLength(100);
  expect(entries.at(-1)).toEqual({ role: 'agent', content: 'There.' });
  expect(answered.ok && answered.turn.state['history']).toEqual([{ role: 'user', content: 'Hi' }, ...entries]);
  const kinds = server.received.map(({ interaction_type }) => interaction_type);
  expect(kinds.filter((kind) => kind === 'call_details')).toHaveLength(1);
  expect(kinds.filter((kind) => kind === 'ping_pong')).toHaveLength(1);
});

test('garbage is passed over: it ends nothing, and is no answer', async () => {
  const odd = [
    ...[
      '',
      '{',
      'null',
      '[]',
      '7',
      '{"response_type":7}',
      '{"response_type":"response","response_id":"1","content":1}',
    ],
    ...[`${'['.repeat(50_000)}`, '{"response_type":"tool_call_result","content":"x"}', '{"response_type":"config"}'],
    '{"response_type":"response","response_id":1e400,"content":"no","content_complete":true}',
  ];
  const talker = await talkTo(
    {
      onMessage: ({ response_id }, session) => {
        for (const text of odd) session.sendText(text);
        session.send(says(99, 'Somebody else’s.'));
        session.send(says(response_id as number, 'Here.'));
      },
    },
    { configMs: 10 },
  );
  const answered = await talker.answer({ history: [], responses: 0 }, 'Hi', MOMENT, NEVER);
  expect(answered).toMatchObject({ ok: true, turn: { entries: [{ role: 'agent', content: 'Here.' }] } });
});

test('a server that says its begin message on every connection is asked right after it; slashes and a query of its URL stay', async () => {
  const talker = await talkTo(
    {
      onOpen: (session) => session.send(says(0, 'Hello.')),
      onMessage: ({ response_id }, session) => session.send(says(response_id as number, 'Here.')),
    },
    { configMs: 60_000, responseMs: 3_000 },
    ['127.0.0.0/8'],
    '//?shop=1',
  );
  const answered = await talker.answer({ history: [], responses: 0 }, 'Hi', MOMENT, NEVER);
  expect(answered).toMatchObject({ ok: true, turn: { entries: [{ content: 'Here.' }] } });
  expect(server.paths).toEqual(['/llm/chat_1?shop=1']);
});
