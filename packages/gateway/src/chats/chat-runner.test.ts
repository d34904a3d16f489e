import type { JsonObject } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import { expect, test } from 'vitest';
import { createTurns } from '../api/one-at-a-time.ts';
import { createLog } from '../observe/log.ts';
import { createMemoryData, createMemoryStore } from '../stores/index.ts';
import type { Store } from '../stores/port.ts';
import { createChatRunner } from './chat-runner.ts';
import type { ChatTalker, TurnResult } from './talker.ts';

const says = (id: string, text: string, rest: object) =>
  ({ id, type: 'conversation', instruction: { type: 'static_text', text }, ...rest }) as JsonObject;
const else_edge = (to: string) => ({
  id: 'else',
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt: 'Else' },
});
/** Says every entry back. */
const ECHO: JsonObject = {
  start_node_id: 'ask',
  nodes: [
    says('ask', 'Well?', { else_edge: else_edge('echo') }),
    says('echo', '{{user_dtmf_input}} after {{session_duration_ms}}', { else_edge: else_edge('echo') }),
  ],
};

const plan = (id: string, agent: JsonObject = {}): SessionPlan => ({
  session_id: id,
  channel: 'chat',
  agent_id: 'agent_1',
  agent_version: 0,
  direction: 'inbound',
  from_number: '',
  to_number: '',
  agent,
  engine: { type: 'conversation-flow', id: 'flow_1', version: 0, settings: ECHO },
  variables: {},
  dynamic_variables: {},
  custom_sip_headers: {},
  voice_id: '',
  overridden: [],
});

/** Nodes over one store, each with a runner of its own. */
function world(nodes: number, over: (store: Store) => Partial<Store> = () => ({}), talker?: ChatTalker) {
  const data = createMemoryData();
  let [now, ids] = [1_800_000_000_000, 0];
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line), level: 'info', clock: { wallMs: () => now } });
  const runners = Array.from({ length: nodes }, () => {
    const store = createMemoryStore(data);
    const clock = { wallMs: () => now };
    const common = { clock, newId: () => `id_${ids++}`, eventHook: () => undefined, inTurn: createTurns() };
    const talkerOf = talker && { talkerOf: () => talker };
    return createChatRunner({ ...common, store: { ...store, ...over(store) }, log, ...talkerOf });
  });
  const advance = (ms: number) => {
    now += ms;
  };
  return { runners, store: createMemoryStore(data), advance, lines };
}

test('K2 S7 nodes that answer one chat at once take turns: every message is there, with its own answer behind it', async () => {
  const { runners, store } = world(3);
  await runners[0]!.start(plan('chat_1'));
  const sent = Array.from({ length: 12 }, (_, index) => String(index + 10));
  const answers = await Promise.all(sent.map((content, index) => runners[index % 3]!.answer('chat_1', content)));
  for (const [index, answer] of answers.entries()) {
    expect(answer).toMatchObject({ kind: 'answered', messages: [{ content: `${sent[index]} after 0` }] });
  }
  const { messages } = (await store.getWholeChat('chat_1'))!;
  const pairs = messages.slice(1).map(({ content }) => content);
  for (let at = 0; at < pairs.length; at += 2) expect(pairs[at + 1]).toBe(`${pairs[at]} after 0`);
  expect(pairs.filter((_, index) => index % 2 === 0).sort()).toEqual(sent);
});

test('K1 a completion that could not be stored is no answer, and the chat is as it was', async () => {
  let broken = false;
  const { runners, store } = world(1, (real) => ({
    advanceChat: (advance) => (broken ? Promise.reject(new Error('disk')) : real.advanceChat(advance)),
  }));
  const runner = runners[0]!;
  await runner.start(plan('chat_1'));
  broken = true;
  await expect(runner.answer('chat_1', '1')).rejects.toThrow('disk');
  broken = false;
  expect(await runner.answer('chat_1', '2')).toMatchObject({ kind: 'answered' });
  expect((await store.getWholeChat('chat_1'))?.messages.map(({ content }) => content)).toEqual([
    'Well?',
    '2',
    '2 after 0',
  ]);
});

test('K1 a chat goes on with a runner that has never seen it, on the plan of its beginning', async () => {
  const { runners, advance } = world(2);
  await runners[0]!.start(plan('chat_1'));
  advance(90_000);
  expect(await runners[1]!.answer('chat_1', '7')).toMatchObject({ messages: [{ content: '7 after 90000' }] });
});

test('K3 a message that another node took meanwhile keeps a chat alive that was about to be swept', async () => {
  let beforeFinish = async () => {};
  const { runners, store, advance } = world(2, (real) => ({
    async advanceChat(given) {
      if (given.end) await beforeFinish();
      return real.advanceChat(given);
    },
  }));
  const [sweeper, other] = runners;
  await sweeper!.start(plan('chat_1', { end_chat_after_silence_ms: 120_000 }));
  advance(120_000);
  // Stands for a node whose clock is behind: for it the chat is not silent yet.
  beforeFinish = async () => {
    beforeFinish = async () => {};
    advance(-1);
    await other!.answer('chat_1', '5');
    advance(1);
  };
  expect(await sweeper!.endSilent()).toBe(0);
  expect(await store.getChat('chat_1')).toMatchObject({ chat_status: 'ongoing', turn: 1 });
  advance(120_000);
  expect(await sweeper!.endSilent()).toBe(1);
});

test('K3 a chat that cannot be ended is logged and keeps no other from its end', async () => {
  const { runners, store, advance, lines } = world(1, (real) => ({
    advanceChat: (given) => (given.chat_id === 'chat_1' ? Promise.reject(new Error('bad')) : real.advanceChat(given)),
  }));
  for (const id of ['chat_1', 'chat_2']) await runners[0]!.start(plan(id));
  advance(3_600_000);
  expect(await runners[0]!.endSilent()).toBe(1);
  expect(await store.getChat('chat_2')).toMatchObject({ disconnection_reason: 'inactivity', duration_ms: 3_600_000 });
  expect(lines.some((line) => line.includes('chat_end_failed') && line.includes('chat_1'))).toBe(true);
});

test('many chats: plans that were let go are read again', async () => {
  const { runners } = world(1);
  for (let nth = 0; nth < 250; nth++) await runners[0]!.start(plan(`chat_${nth}`));
  for (const nth of [0, 249, 0]) {
    expect(await runners[0]!.answer(`chat_${nth}`, '1')).toMatchObject({ kind: 'answered' });
  }
});

test('K3 more silent chats than one look shows are all ended in one sweep', async () => {
  const { runners, advance } = world(1);
  for (let nth = 0; nth < 450; nth++) await runners[0]!.start(plan(`chat_${nth}`));
  advance(3_600_000);
  expect(await runners[0]!.endSilent()).toBe(450);
  expect(await runners[0]!.endSilent()).toBe(0);
});

test('ends once: again is no error, a chat nobody knows is', async () => {
  const { runners, lines } = world(2);
  await runners[0]!.start(plan('chat_1'));
  expect(await Promise.all(runners.map((runner) => runner.end('chat_1')))).toEqual([true, true]);
  expect(await runners[1]!.end('chat_2')).toBe(false);
  expect(await runners[1]!.answer('chat_1', '1')).toEqual({ kind: 'over' });
  expect(lines.filter((line) => line.includes('chat_ended'))).toHaveLength(1);
});

/** Answers after `work`, as a model would. */
function thinker(work: (signal: AbortSignal) => Promise<void> = async () => {}) {
  const asked: string[] = [];
  const turn = (text: string): TurnResult => ({
    ok: true,
    turn: { entries: [{ role: 'agent', content: text }], state: { said: asked.length }, collected: {} },
  });
  const talker: ChatTalker = {
    costly: true,
    async open(_moment, _signal, before) {
      return turn(before === 'a_message' ? 'Hello.' : 'Hello, who are you?');
    },
    async answer(_state, text, _moment, signal) {
      asked.push(text);
      await work(signal);
      if (signal.aborted) return { ok: false, reason: 'the turn was given up', retry: true };
      return text === 'fail' ? { ok: false, reason: 'it failed', retry: false } : turn(`${text}!`);
    },
  };
  return { talker, asked };
}
const saidIn = async (store: Store, id: string) =>
  (await store.getWholeChat(id))?.messages.map((message) => `${message.role} ${message.content}`);

test('the first text of a chat is answered in its first turn, after the begin message; nothing is stored before', async () => {
  const { talker, asked } = thinker();
  const { runners, store } = world(1, undefined, talker);
  const begun = await runners[0]!.beginChat(plan('chat_1'), {
    ...{ chat_type: 'sms_chat', from_number: '+1', to_number: '+2' },
    first_text: { text_id: 'txt_1', content: 'Hi' },
  });
  expect(await store.getChat('chat_1')).toBeUndefined();
  if (begun.kind !== 'begun') throw new Error(begun.reason);
  expect(begun.messages).toMatchObject([
    { content: 'Hello.' },
    { message_id: 'txt_1', role: 'user' },
    { content: 'Hi!' },
  ]);
  expect(begun.chat).toMatchObject({ chat_type: 'sms_chat', from_number: '+1', to_number: '+2', turn: 0 });
  await store.createChat(begun.chat, begun.plan as unknown as JsonObject, begun.messages);
  // K5: a job that comes again after a crash.
  expect(await runners[0]!.answer('chat_1', 'Hi', { text_id: 'txt_1' })).toMatchObject({
    ...{ kind: 'answered', repeated: true, messages: [{ content: 'Hi!' }] },
  });
  expect(asked).toEqual(['Hi']);
  expect(await runners[0]!.beginChat(plan('chat_2'), { first_text: { text_id: 't', content: 'fail' } })).toEqual({
    ...{ kind: 'failed', reason: 'it failed', retry: false },
  });
});

test('K5 a text is answered once, by whichever node, also where the chat ended with it or keeps nothing', async () => {
  const { talker, asked } = thinker();
  const { runners, store } = world(2, undefined, talker);
  const basic = { data_storage_setting: 'basic_attributes_only' };
  await runners[0]!.start(plan('chat_1'));
  await runners[0]!.start(plan('chat_2', basic));
  for (const id of ['chat_1', 'chat_2']) {
    for (const runner of [...runners, runners[0]!]) {
      expect(await runner.answer(id, 'A', { text_id: `${id}.a` })).toMatchObject({ kind: 'answered' });
    }
  }
  expect(asked).toEqual(['A', 'A']);
  expect(await saidIn(store, 'chat_1')).toEqual(['agent Hello, who are you?', 'user A', 'agent A!']);
  await runners[0]!.end('chat_1');
  expect(await runners[1]!.answer('chat_1', 'A', { text_id: 'chat_1.a' })).toMatchObject({ repeated: true });
  expect(await runners[1]!.answer('chat_1', 'B', { text_id: 'chat_1.b' })).toEqual({ kind: 'over' });
});

test('K5 of many texts the ones that came last are known again', async () => {
  const { talker, asked } = thinker();
  const { runners } = world(1, undefined, talker);
  await runners[0]!.start(plan('chat_1', { data_storage_setting: 'basic_attributes_only' }));
  for (let nth = 0; nth < 60; nth++) await runners[0]!.answer('chat_1', `${nth}`, { text_id: `t${nth}` });
  for (const text_id of ['t59', 't30']) {
    expect(await runners[0]!.answer('chat_1', 'again', { text_id })).toMatchObject({ repeated: true });
  }
  expect(asked).toHaveLength(60);
});

test('a chat that another agent took over goes on with that agent’s plan, at once and on every node', async () => {
  const { talker } = thinker();
  const agents: string[] = [];
  const swapping: ChatTalker = {
    ...talker,
    async answer(state, text, moment, signal) {
      agents.push(`${moment.plan.agent_id} ${moment.turn}`);
      const result = await talker.answer(state, text, moment, signal);
      const swapped = { ...moment.plan, agent_id: 'agent_2' };
      return result.ok && text === 'swap' ? { ok: true, turn: { ...result.turn, plan: swapped } } : result;
    },
  };
  const { runners } = world(2, undefined, swapping);
  await runners[0]!.start(plan('chat_1'));
  for (const text of ['a', 'swap', 'b']) await runners[0]!.answer('chat_1', text);
  await runners[1]!.answer('chat_1', 'c');
  expect(agents).toEqual(['agent_1 0', 'agent_1 1', 'agent_2 2', 'agent_2 3']);
});

test('K4 a turn that is given up, by its caller or by the end of the gateway, stores nothing', async () => {
  const untilGivenUp = (signal: AbortSignal) =>
    new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
  const { talker } = thinker(untilGivenUp);
  const { runners, store } = world(1, undefined, talker);
  await runners[0]!.start(plan('chat_1'));
  const abort = new AbortController();
  const given = runners[0]!.answer('chat_1', 'A', { signal: abort.signal });
  const stopped = runners[0]!.answer('chat_1', 'B');
  abort.abort();
  expect(await given).toEqual({ kind: 'failed', reason: 'the turn was given up', retry: true });
  runners[0]!.stop();
  expect(await stopped).toMatchObject({ kind: 'failed' });
  expect(await saidIn(store, 'chat_1')).toEqual(['agent Hello, who are you?']);
});

test('K2 a slow turn of one chat holds no other', async () => {
  let release = () => {};
  const { talker } = thinker(() => new Promise<void>((resolve) => (release = resolve)));
  const quick = thinker();
  const both: ChatTalker = {
    ...quick.talker,
    answer: (state, text, ...rest) => (text === 'slow' ? talker : quick.talker).answer(state, text, ...rest),
  };
  const { runners } = world(1, undefined, both);
  for (const id of ['chat_1', 'chat_2']) await runners[0]!.start(plan(id));
  const slow = runners[0]!.answer('chat_1', 'slow');
  for (const content of ['a', 'b'])
    expect(await runners[0]!.answer('chat_2', content)).toMatchObject({ kind: 'answered' });
  release();
  expect(await slow).toMatchObject({ messages: [{ content: 'slow!' }] });
});
