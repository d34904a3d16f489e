/** Turns of an engine that asks a model: what is called again after a turn that died, and what a turn takes at most. */
import { type ModelReply, type ModelRequest, promptEngine } from '@pickup/conversation';
import type { SessionPlan } from '@pickup/core';
import { createOutbound, type Outbound } from '@pickup/outbound';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, expect, test } from 'vitest';
import { createLog } from '../observe/log.ts';
import { systemClock } from '../runners/clock.ts';
import { engineTalker } from './engine-talker.ts';
import type { SwapAgent } from './run-turn.ts';
import type { ChatMoment } from './talker.ts';

let server: FakeEndpoint;
let outbound: Outbound;
afterEach(() => Promise.all([server?.close(), outbound?.close()]));

const NEVER = new AbortController().signal;
const plan = (id = 'chat_1') =>
  ({
    ...{ session_id: id, agent_id: 'agent_1', agent_version: 0, direction: 'inbound', from_number: '', to_number: '' },
    ...{ agent: {}, engine: { type: 'retell-llm', settings: {} }, variables: {}, dynamic_variables: {} },
  }) as unknown as SessionPlan;
const at = (turn: number, id?: string): ChatMoment => ({ plan: plan(id), startedAt: 1, now: 2, turn });
const calls = (...args: readonly unknown[]): ModelReply => ({
  content: '',
  toolCalls: args.map((one, nth) => ({ id: `c${nth}`, name: 'order', arguments: JSON.stringify(one) })),
});

interface Given {
  readonly model: (request: ModelRequest, nth: number) => ModelReply | 'hang' | 'fail';
  readonly serves?: () => EndpointAnswer;
  readonly turnMs?: number;
  readonly tools?: readonly object[];
  readonly swapAgent?: SwapAgent;
}

async function world({ model, serves, turnMs, tools, swapAgent }: Given) {
  server = await startFakeEndpoint({ handler: () => serves?.() ?? { body: '{}' } });
  outbound = createOutbound({ clock: systemClock, allow: ['127.0.0.0/8'], loopback: false, ownPorts: () => [] });
  const order = { type: 'custom', name: 'order', url: server.url, method: 'POST', description: 'Orders' };
  const engine = promptEngine({ begin_message: '', general_tools: tools ?? [order] });
  const lines: string[] = [];
  let asked = 0;
  const ask = (request: ModelRequest, signal: AbortSignal) => {
    const said = model(request, ++asked);
    const use = { prompt: 1, completion: 1 };
    if (said === 'fail')
      return Promise.resolve({ ok: false, retry: true, reason: 'down', detail: '', use, tries: 3 } as const);
    if (said !== 'hang') return Promise.resolve({ ok: true, reply: said, use, tries: 1 } as const);
    return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))).catch(
      () => ({ ok: false, retry: true, reason: 'the turn was given up', detail: '', use, tries: 1 }) as const,
    );
  };
  const talker = engineTalker(
    {
      ...{ outbound, clock: systemClock, signingKey: () => 'key', models: { find: () => ({ ask }) } },
      store: { searchKnowledge: async () => [] },
      swapAgent: swapAgent ?? (async () => ({ why: 'There is none.' })),
      log: createLog({ write: (line) => void lines.push(line), clock: systemClock }),
      ...(turnMs !== undefined && { turnMs }),
    },
    engine,
  );
  const ids = () => server.requests.map((request) => request.header('webhook-id'));
  return { talker, ids, lines, asked: () => asked };
}

test('K4 a turn that is made anew calls its functions under the same ids; every other call has one of its own', async () => {
  let later: ModelReply | 'fail' = 'fail';
  const done: ModelReply = { content: 'Done.', toolCalls: [] };
  let args: readonly unknown[] = [{ item: 'tea' }, { item: 'tea' }, { item: 'milk' }];
  const { talker, ids } = await world({
    model: ({ messages }) => (messages.at(-1)?.role === 'tool' ? later : calls(...args)),
  });
  expect(await talker.answer({}, 'Tea, twice', at(4), NEVER)).toMatchObject({ ok: false, reason: 'down' });
  later = done;
  expect(await talker.answer({}, 'Tea, twice', at(4), NEVER)).toMatchObject({ ok: true });
  expect(ids().slice(3)).toEqual(ids().slice(0, 3));
  expect(new Set(ids()).size).toBe(3);
  expect(ids()[0]).toMatch(/^call_[0-9a-f]{32}$/);
  args = [{ item: 'tea' }];
  for (const [message, moment] of [
    ['Tea, twice', at(5)],
    ['Tea', at(4)],
    ['Tea, twice', at(4, 'chat_2')],
  ] as const) {
    await talker.answer({}, message, moment, NEVER);
    expect(ids().slice(0, -1)).not.toContain(ids().at(-1));
  }
  args = [{ item: 'rum' }];
  await talker.answer({}, 'Tea, twice', at(4), NEVER);
  expect(ids().slice(0, -1)).not.toContain(ids().at(-1));
});

test('a turn ends in its time, whoever hangs: the model, a function, and it leaves nothing waiting', async () => {
  const hanging = await world({ model: () => 'hang', turnMs: 150 });
  const from = systemClock.monoMs();
  expect(await hanging.talker.answer({}, 'Hi', at(0), NEVER)).toMatchObject({ ok: false, retry: true });
  expect(systemClock.monoMs() - from).toBeLessThan(1_500);
  await Promise.all([server.close(), outbound.close()]);
  const slow = await world({ model: () => calls({}), serves: () => 'hang', turnMs: 150 });
  expect(await slow.talker.answer({}, 'Hi', at(0), NEVER)).toMatchObject({ ok: false, retry: true });
  expect(systemClock.monoMs() - from).toBeLessThan(3_000);
  expect(slow.asked()).toBe(1);
  await expect.poll(() => server.open).toBe(0);
});

test('whoever gives a turn up hears at once, and is told of no result', async () => {
  const abort = new AbortController();
  const { talker } = await world({ model: () => calls({}), serves: () => 'hang' });
  const answer = talker.answer({}, 'Hi', at(0), abort.signal);
  await server.received(1);
  abort.abort();
  expect(await answer).toEqual({ ok: false, reason: 'the turn was given up', retry: true });
});

test('agents that hand a chat to each other for ever come to rest', async () => {
  const swap = { type: 'agent_swap', name: 'pass', agent_id: 'agent_2' };
  const other = promptEngine({ begin_message: '', general_tools: [swap] });
  let swaps = 0;
  const { talker, asked } = await world({
    tools: [swap],
    model: ({ toolChoice }) =>
      toolChoice === 'none'
        ? { content: 'Here.', toolCalls: [] }
        : { content: '', toolCalls: [{ id: '', name: 'pass', arguments: '' }] },
    async swapAgent(before) {
      swaps++;
      return { plan: { ...before, agent_id: 'agent_2' }, engine: other };
    },
  });
  const result = await talker.answer({}, 'Hi', at(0), NEVER);
  expect(result).toMatchObject({ ok: true, turn: { plan: { agent_id: 'agent_2' } } });
  expect(result.ok && result.turn.entries.at(-1)).toEqual({ role: 'agent', content: 'Here.' });
  expect([swaps, asked()]).toEqual([3, 10]);
});

test('T1 a model that calls many functions in every reply is no fault of ours', async () => {
  const many = calls(...Array.from({ length: 32 }, (_, nth) => ({ nth })));
  const { talker, ids } = await world({
    model: ({ toolChoice }) => (toolChoice === 'none' ? { content: 'Enough.', toolCalls: [] } : many),
  });
  const result = await talker.answer({}, 'Hi', at(0), NEVER);
  expect(result.ok && result.turn.entries.at(-1)).toEqual({ role: 'agent', content: 'Enough.' });
  expect(ids()).toHaveLength(40);
});

test('the log tells of a turn without what was said, written or called', async () => {
  const { talker, lines } = await world({
    model: ({ messages }) =>
      messages.at(-1)?.role === 'tool' ? { content: 'Secret reply', toolCalls: [] } : calls({ card: '4111' }),
    serves: () => ({ body: '"Secret result"' }),
  });
  await talker.answer({}, 'Secret message', at(0), NEVER);
  expect(lines.join('\n')).toMatch(/function_done[\s\S]*chat_turn/);
  expect(lines.join('\n')).not.toMatch(/Secret|4111/);
});
