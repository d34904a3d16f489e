import { defaultCatalogue } from '@pickup/contract';
import type { AttemptResult, SessionPlan } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, describe, expect, test } from 'vitest';
import { createTurns } from '../api/one-at-a-time.ts';
import type { BegunChat, ChatAnswer } from '../chats/chat-port.ts';
import { createChatRunner } from '../chats/chat-runner.ts';
import type { OutgoingPart, SendOutcome, TextEdge } from '../edges/text-port.ts';
import { createLog } from '../observe/log.ts';
import { createArrivalReader } from '../runners/read-arrival.ts';
import { createMemoryData, createMemoryStore } from '../stores/index.ts';
import type { MemoryData } from '../stores/memory/data.ts';
import type { Store } from '../stores/port.ts';
import { createTexts, type Texts } from './texts.ts';

const [OURS, THEIRS] = ['+12137771235', '+12137771234'];
const open: { texts: Texts; clock: ManualClock }[] = [];
const turns = async (count = 40) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};
afterEach(async () => {
  for (const { texts, clock } of open.splice(0)) {
    const closed = texts.close();
    for (let nth = 0; nth < 8; nth++) {
      await turns(3);
      await clock.advance(1_000);
    }
    await closed;
  }
});

type Sent = (part: OutgoingPart, nth: number) => SendOutcome | Promise<SendOutcome>;

async function world(
  options: {
    send?: Sent;
    find?: TextEdge['findSent'];
    optOut?: boolean;
    concurrency?: number;
    /** The number asks; called at each attempt. */
    asked?: (store: Store, inboundId: string) => Promise<void>;
    /** Another node on its store. */
    beside?: { readonly data: MemoryData; readonly clock: ManualClock };
  } = {},
) {
  const { clock, data } = options.beside ?? { clock: new ManualClock(), data: createMemoryData() };
  const nodeId = options.beside ? 'node-2' : 'node-1';
  const store = createMemoryStore(data);
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line), level: 'info', clock });
  let ids = 0;
  const newId = () => `${nodeId}id${++ids}`;
  const settings = {
    start_node_id: 'ask',
    nodes: [says('ask', 'Well?', 'echo'), says('echo', '{{user_dtmf_input}}', 'echo')],
  };
  const common = { version: 0, is_published: true, last_modification_timestamp: 0 };
  if (!options.beside)
    await store.createEngine({ ...common, kind: 'conversation-flow', id: 'flow_1', settings } as never);
  if (!options.beside)
    await store.createAgent({
      ...{ ...common, agent_id: 'agent_1', channel: 'chat', base_version: null, tags: [] },
      settings: { response_engine: { type: 'conversation-flow', conversation_flow_id: 'flow_1' } },
    } as never);
  const number = {
    phone_number: OURS,
    phone_number_type: 'custom',
    inbound_sms_agents: [{ agent_id: 'agent_1', weight: 1 }],
    ...(options.asked && { inbound_webhook_url: 'https://endpoint.example/hook' }),
    last_modification_timestamp: 0,
  } as const;
  await store.putNumber({ settings: number }, 'replace');
  const parts: OutgoingPart[] = [];
  const edge: TextEdge = {
    name: 'twilio',
    answersOptOut: () => options.optOut ?? false,
    async send(part) {
      parts.push(part);
      return (await options.send?.(part, parts.length)) ?? taken(parts.length);
    },
    ...(options.find && { findSent: options.find }),
    async close() {},
  };
  const agent: { fails?: ChatAnswer & { kind: 'failed' }; repeats?: true; stopping?: true; thinks?: Promise<void> } =
    {};
  const chats = createChatRunner({ store, clock, newId, log, inTurn: createTurns(), eventHook: () => undefined });
  const readArrival = createArrivalReader({
    ...{ store, clock, newId, ringBudgetMs: 45_000, webhookProfile: 'seed', concurrency: options.concurrency ?? 0 },
    catalogue: defaultCatalogue(new Set(['builtin'])),
    checkUrl: () => ({ ok: true }),
  });
  const texts = createTexts({
    ...{ store, clock, log, newId, nodeId, random: () => 0.5, readArrival, gateway: readArrival.gateway },
    sender: {
      async send(inboundId) {
        await options.asked?.(store, inboundId);
        return answered(clock);
      },
    },
    chats: {
      ...{ end: (id, reason) => chats.end(id, reason) },
      async beginChat(plan: SessionPlan, more): Promise<BegunChat> {
        await agent.thinks;
        return agent.fails ?? chats.beginChat(plan, more);
      },
      async answer(id, content, more) {
        await agent.thinks;
        if (agent.repeats) return { kind: 'answered', chat: (await store.getChat(id))!, repeated: true, messages: [] };
        return agent.fails ?? chats.answer(id, content, more);
      },
    },
    country: 'US',
    taking: () => !agent.stopping,
    checkUrl: (url) => (url.includes('10.') ? { ok: false, message: 'a private address' } : { ok: true }),
  });
  texts.addEdge(edge);
  await texts.start();
  open.push({ texts, clock });
  const advance = async (ms: number) => {
    await clock.advance(ms);
    await turns();
  };
  let messages = 0;
  const text = async (words: string, over: object = {}) => {
    const id = `SM_${++messages}`;
    const took = await texts.take({
      edge: 'twilio',
      provider_message_id: id,
      from: THEIRS,
      to: OURS,
      text: words,
      ...over,
    });
    await turns();
    return took as { kind: string; inbound_id: string; chat_id?: string; text_id?: string };
  };
  return {
    data,
    store,
    texts,
    text,
    parts,
    advance,
    agent,
    clock,
    lines,
    bodies: () => parts.map(({ body }) => body),
  };
}

const says = (id: string, words: string, to: string) => ({
  ...{ id, type: 'conversation', instruction: { type: 'static_text', text: words } },
  else_edge: { id: 'e', destination_node_id: to, transition_condition: { type: 'prompt', prompt: 'Else' } },
});
const taken = (nth: number, sent = true) => ({ kind: 'accepted', provider_message_id: `out_${nth}`, sent }) as const;
const refused = (permanent: boolean, code: string) => ({ kind: 'refused', permanent, code, message: 'no' }) as const;
const answered = (clock: ManualClock): AttemptResult => {
  const at = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
  const body = new TextEncoder().encode('{}');
  return {
    started: at,
    ended: at,
    phases: { total_ms: 0 },
    resent: false,
    received: true,
    status: 200,
    body,
    truncated: false,
  };
};

describe('taking', () => {
  test('case 76 a resend is told as the first was; its number and sender in any writing', async () => {
    const { text, bodies } = await world();
    const first = await text('Hi', { provider_message_id: 'SM_x', to: '(213) 777-1235' });
    expect(first).toMatchObject({ kind: 'stored', inbound_id: expect.stringMatching(/^inb_/) });
    const again = await text('Hi', { provider_message_id: 'SM_x' });
    expect(again).toMatchObject({ kind: 'resent', inbound_id: first.inbound_id, text_id: first.text_id });
    expect(await text('7', { from: '1 213 777 1234' })).toMatchObject({ kind: 'stored', inbound_id: first.inbound_id });
    expect(bodies()).toEqual(['Well?', '7']);
  });

  test('case 80 a media link to a private address is dropped and on record, the others reach the agent', async () => {
    const { text, store } = await world();
    const media = [{ url: 'https://10.0.0.1/x' }, { url: 'https://api.example/pic' }];
    const { inbound_id } = await text('Look', { media });
    const record = await store.getInbound(inbound_id);
    expect(record?.issues).toMatchObject([{ code: 'media_refused', severity: 'warning' }]);
    const { messages } = (await store.getWholeChat(record!.chat_id!))!;
    expect(messages.find(({ role }) => role === 'user')?.content).toBe('Look\nhttps://api.example/pic');
  });

  test('G nobody’s number is told, with a record; a store that cannot write is not acknowledged', async () => {
    const { text, store, texts } = await world();
    const took = await text('STOP', { to: '+12025550123' });
    expect(took).toMatchObject({ kind: 'unknown_number' });
    expect(await store.getInbound(took.inbound_id)).toMatchObject({ outcome: 'unknown_number' });
    store.storeText = () => Promise.reject(new Error('full'));
    const one = { edge: 'twilio', provider_message_id: 'SM_9', from: THEIRS, to: OURS, text: 'Hi' } as const;
    expect(await texts.take(one)).toEqual({ kind: 'unavailable' });
  });

  test('H5 a gateway that is stopping takes none; a hidden number is anonymous', async () => {
    const { text, store, agent } = await world();
    const { inbound_id } = await text('Hi', { from: 'Restricted' });
    expect(await store.getInbound(inbound_id)).toMatchObject({ from_number: 'anonymous' });
    agent.stopping = true;
    expect(await text('Hi')).toEqual({ kind: 'unavailable' });
    expect(await store.getTextPair(`${OURS}|${THEIRS}`)).toBeUndefined();
  });

  test('the reply goes the way of the newest text', async () => {
    const { text, parts } = await world();
    await text('Hi', { reply_route: { peer: 1 } });
    await text('7', { reply_route: { peer: 2 } });
    expect(parts.map(({ reply_route }) => reply_route)).toEqual([{ peer: 1 }, { peer: 2 }]);
    expect(parts[1]).toMatchObject({ from_number: OURS, to_number: THEIRS, body: '7' });
  });
});

describe('an agent that does not answer', () => {
  const away = { kind: 'failed', reason: 'the model is away', retry: true } as const;
  test('is asked again later; the decision stands, the answer comes', async () => {
    const { text, agent, advance, bodies, store } = await world();
    agent.fails = away;
    const { inbound_id } = await text('Hi');
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: null });
    delete agent.fails;
    for (let nth = 0; nth < 15; nth++) await advance(200);
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: 'connected' });
    agent.fails = away;
    await text('8');
    expect(bodies()).toEqual(['Well?']);
    delete agent.fails;
    for (let nth = 0; nth < 15; nth++) await advance(200);
    expect(bodies()).toEqual(['Well?', '8']);
  });

  test('G for an hour: agent_failed, silence, a chat error/error_retell; a text of an ongoing chat is given up', async () => {
    const { text, agent, advance, parts, store, lines } = await world();
    agent.fails = away;
    const { inbound_id } = await text('Hi');
    // The tries of e^1, e^2, … seconds, and the one behind the hour.
    for (const second of [3, 8, 21, 55, 149, 404, 1_097, 2_981]) {
      await advance(second * 1_000);
      await advance(200);
    }
    const record = await store.getInbound(inbound_id);
    expect(record).toMatchObject({ outcome: 'agent_failed', agent_id: 'agent_1' });
    expect(await store.getChat(record!.chat_id!)).toMatchObject({
      chat_status: 'error',
      disconnection_reason: 'error_retell',
    });
    expect(parts).toEqual([]);
    delete agent.fails;
    const next = await text('Hi again');
    agent.fails = { ...away, retry: false };
    await text('9', {});
    expect(lines.some((line) => line.includes('text_not_answered'))).toBe(true);
    delete agent.fails;
    await text('10');
    const { messages } = (await store.getWholeChat((await store.getInbound(next.inbound_id))!.chat_id!))!;
    expect(messages.map(({ content }) => content)).toEqual(['Well?', 'Hi again', '10', '10']);
  });
});

describe('the decision', () => {
  const away = { kind: 'failed', reason: 'the model is away', retry: true } as const;

  test('C8 the number of an attempt is stored before its request goes; an answered one is not asked again', async () => {
    const stored: unknown[] = [];
    const { text, agent, advance, bodies } = await world({
      async asked(store, inboundId) {
        stored.push((await store.getTextRun(inboundId))?.version);
      },
    });
    agent.fails = away;
    await text('Hi');
    delete agent.fails;
    for (let nth = 0; nth < 15; nth++) await advance(200);
    expect(bodies()).toEqual(['Well?']);
    expect(stored).toEqual([1]);
  });

  test('S15 who cannot store where it is gives way, and does not ask in a loop', async () => {
    let asked = 0;
    const { text, store, advance, bodies } = await world({ asked: async () => void asked++ });
    const record = store.recordTextProgress;
    let tries = 0;
    store.recordTextProgress = async () => {
      tries += 1;
      return false;
    };
    await text('Hi');
    expect([tries, asked]).toEqual([2, 0]);
    store.recordTextProgress = record;
    for (let nth = 0; nth < 15; nth++) await advance(200);
    expect([asked, bodies()]).toEqual([1, ['Well?']]);
  });

  test('G a slot is held by no text whose agent is away', async () => {
    const { text, store, agent } = await world({ concurrency: 1 });
    agent.fails = away;
    await text('Hi');
    expect(await store.takeSlot({ inbound_id: 'inb_other', node_id: 'node-1', limit: 1 })).toBe('taken');
  });

  test('A4 a number that is nobody’s any more is just that, also to whom it had stopped', async () => {
    const { text, store } = await world();
    await text('STOP');
    await store.deleteNumber(OURS);
    const { inbound_id, kind } = await text('Hi');
    expect(kind).toBe('unknown_number');
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: 'unknown_number' });
  });

  test('a text on which we fail is given up after ten tries, and the ones behind it go on', async () => {
    const { text, store, advance, bodies, lines } = await world();
    const get = store.getTextRun;
    store.getTextRun = async () => Promise.reject(new TypeError('a bug'));
    const { inbound_id } = await text('Hi');
    for (const second of [3, 8, 21, 55, 149, 404, 1_097, 2_981, 8_104]) {
      if (second === 8_104) {
        // The tenth is the last: what it needs to say so works.
        let nth = 0;
        store.getTextRun = async (id) => (nth++ === 0 ? Promise.reject(new TypeError('a bug')) : get(id));
      }
      await advance(second * 1_000);
      await advance(200);
    }
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: 'agent_failed' });
    expect(lines.filter((line) => line.includes('a fault of Pickup'))).toHaveLength(1);
    store.getTextRun = get;
    await text('Hi again');
    expect(bodies()).toEqual(['Well?']);
  });
});

describe('two nodes', () => {
  test('S9 S15 one that was cut off from the store while its agent thought: the other answers, nobody twice', async () => {
    let asked = 0;
    const one = await world({ asked: async () => void asked++ });
    const two = await world({ beside: one, asked: async () => void asked++ });
    const { renewLeases, takeJobs } = one.store;
    const bodies = () => [...one.bodies(), ...two.bodies()];
    let inboundId = '';
    for (const [words, answers] of [
      ['Hi', ['Well?']],
      ['7', ['Well?', '7']],
    ] as const) {
      let answer = () => {};
      one.agent.thinks = new Promise((resolve) => {
        answer = resolve;
      });
      const working = one.store.takeJobs;
      // Only the first node is to take it.
      two.store.takeJobs = async () => [];
      inboundId = (await one.text(words)).inbound_id;
      one.store.renewLeases = () => Promise.reject(new Error('cut off'));
      one.store.takeJobs = () => Promise.reject(new Error('cut off'));
      two.store.takeJobs = working;
      for (let nth = 0; nth < 200 && bodies().length < answers.length; nth++) await one.advance(200);
      expect(two.bodies()).toEqual(answers);
      Object.assign(one.store, { renewLeases, takeJobs });
      answer();
      for (let nth = 0; nth < 20; nth++) await one.advance(200);
      expect(bodies()).toEqual(answers);
    }
    expect(asked).toBe(1);
    const { messages } = (await one.store.getWholeChat((await one.store.getInbound(inboundId))!.chat_id!))!;
    expect(messages.map(({ content }) => content)).toEqual(['Well?', 'Hi', '7', '7']);
    expect(await two.store.nextJobAt()).toBeUndefined();
  });
});

describe('slots', () => {
  test('G a text that waits for a slot holds up no other work, and goes on when there is one', async () => {
    const { text, store, advance, bodies } = await world({ concurrency: 1 });
    await store.takeSlot({ inbound_id: 'inb_call', node_id: 'node-1', limit: 1 });
    const { inbound_id } = await text('Hi');
    await advance(5_200);
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: null });
    await store.releaseSlot('inb_call');
    await advance(5_200);
    await advance(200);
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: 'connected' });
    expect(bodies()).toEqual(['Well?']);
    expect(await store.takeSlot({ inbound_id: 'inb_other', node_id: 'node-1', limit: 1 })).toBe('taken');
  });
});

describe('sending', () => {
  test('the next part waits for the word on the one before, at most 30 s', async () => {
    const { text, bodies, texts, advance } = await world({ send: (_part, nth) => taken(nth, false) });
    await text('Hi');
    await text('7');
    await text('8');
    expect(bodies()).toEqual(['Well?']);
    await texts.onStatus({ edge: 'twilio', provider_message_id: 'out_1', status: 'sent' });
    await turns();
    expect(bodies()).toEqual(['Well?', '7']);
    await advance(29_000);
    expect(bodies()).toHaveLength(2);
    await advance(1_200);
    expect(bodies()).toEqual(['Well?', '7', '8']);
  });

  test('a word that is faster than our own commit counts', async () => {
    let told: Promise<void> | undefined;
    const made = await world({
      send(_part, nth) {
        told = made.texts.onStatus({ edge: 'twilio', provider_message_id: `out_${nth}`, status: 'delivered' });
        return told.then(() => taken(nth, false));
      },
    });
    await made.text('Hi');
    await made.text('7');
    expect(made.bodies()).toEqual(['Well?', '7']);
  });

  test('a passing refusal is tried again, a lasting one is not; the parts behind it go on', async () => {
    const outcomes = [refused(false, '20429'), taken(2), refused(true, '21610'), taken(4)];
    const { text, bodies, advance, store } = await world({ send: (_part, nth) => outcomes[nth - 1]! });
    const { inbound_id } = await text('Hi');
    for (let nth = 0; nth < 15; nth++) await advance(200);
    await text('7');
    await text('8');
    expect(bodies()).toEqual(['Well?', 'Well?', '7', '8']);
    const chatId = (await store.getInbound(inbound_id))!.chat_id!;
    expect((await store.listOutgoing(chatId)).map(({ state, error_code }) => [state, error_code])).toEqual([
      ['sent', '20429'],
      ['failed', '21610'],
      ['sent', undefined],
    ]);
  });

  test('where it is not known what became of it, the provider’s list is asked first', async () => {
    const looked: string[] = [];
    const { text, bodies, advance } = await world({
      send: (_part, nth) => (nth === 1 ? Promise.reject(new Error('cut')) : taken(nth)),
      async find({ body }) {
        looked.push(body);
        return { provider_message_id: 'out_known', status: 'sent' };
      },
    });
    await text('Hi');
    for (let nth = 0; nth < 15; nth++) await advance(200);
    await text('7');
    expect(looked).toEqual(['Well?']);
    expect(bodies()).toEqual(['Well?', '7']);
  });

  test('what the list has of another part, with the same words, is not this one; what failed there has failed', async () => {
    const known = ['out_1', 'out_lost'];
    const { text, bodies, advance, store } = await world({
      send: (_part, nth) => (nth === 2 || nth === 4 ? Promise.reject(new Error('cut')) : taken(nth)),
      find: async () => {
        const provider_message_id = known.shift()!;
        return { provider_message_id, status: provider_message_id === 'out_lost' ? 'failed' : 'sent' };
      },
    });
    const { inbound_id } = await text('Hi');
    for (const words of ['7', '7']) {
      await text(words);
      for (let nth = 0; nth < 15; nth++) await advance(200);
    }
    expect(bodies()).toEqual(['Well?', '7', '7', '7']);
    const chatId = (await store.getInbound(inbound_id))!.chat_id!;
    expect((await store.listOutgoing(chatId)).map(({ state }) => state)).toEqual(['sent', 'sent', 'failed']);
  });

  test('after eight failures a part is given up, and the next one goes', async () => {
    const { text, bodies, advance } = await world({
      send: ({ body }, nth) => (body === 'Well?' ? refused(false, '20429') : taken(nth)),
    });
    await text('Hi');
    await text('7');
    for (const second of [3, 8, 21, 55, 149, 404, 1_097]) {
      await advance(second * 1_000);
      await advance(200);
    }
    expect(bodies()).toEqual([...Array(8).fill('Well?'), '7']);
  });

  test('a text that was answered without being marked so does not come again', async () => {
    const { text, store, agent } = await world();
    await text('Hi');
    agent.repeats = true;
    await text('7');
    expect(await store.nextText(`${OURS}|${THEIRS}`)).toBeUndefined();
  });

  test('A8 after STOP nothing of the chat goes out any more; where the provider answers, we are silent', async () => {
    const { text, bodies, advance, store } = await world({
      optOut: true,
      send: (_part, nth) => (nth === 1 ? refused(false, 'busy') : taken(nth)),
    });
    const { inbound_id } = await text('Hi');
    await text('stop');
    for (let nth = 0; nth < 15; nth++) await advance(200);
    expect(bodies()).toEqual(['Well?']);
    const chatId = (await store.getInbound(inbound_id))!.chat_id!;
    expect(await store.listOutgoing(chatId)).toMatchObject([{ state: 'failed', error_code: 'opted_out' }]);
    expect(await store.getChat(chatId)).toMatchObject({ chat_status: 'ended' });
  });

  test('a clock that is set back makes no part wait longer for the word on the one before', async () => {
    const { text, bodies, advance, clock, store } = await world({ send: (_part, nth) => taken(nth, false) });
    const { inbound_id } = await text('Hi');
    const chatId = (await store.getInbound(inbound_id))!.chat_id!;
    const hour = 3_600_000;
    const now = clock.wallMs();
    clock.wallMs = () => now - hour;
    await text('7');
    clock.wallMs = () => now - hour + 1_000;
    await advance(200);
    expect(bodies()).toEqual(['Well?', '7']);
    expect((await store.listOutgoing(chatId))[0]).toMatchObject({ state: 'sent' });
  });

  test('case 78 A8 HELP and STOP wait for no agent; what waited for it is dropped, and nobody is asked again', async () => {
    const { text, agent, advance, bodies, store } = await world();
    let asked = 0;
    agent.fails = { kind: 'failed', reason: 'the model is away', retry: true };
    const { inbound_id } = await text('Hi');
    await text('HELP');
    expect(bodies()).toEqual([expect.stringMatching(/^Reply STOP/)]);
    expect(await store.getInbound(inbound_id)).toMatchObject({ outcome: null });
    Object.defineProperty(agent, 'fails', { get: () => void asked++ });
    await text('Stop');
    expect(bodies().slice(1)).toEqual([expect.stringMatching(/unsubscribed/)]);
    expect(await store.getInbound(inbound_id)).toMatchObject({
      outcome: 'opted_out',
      decision: [expect.stringMatching(/before it was answered \(A8\)/)],
    });
    for (let nth = 0; nth < 50; nth++) await advance(200);
    expect([asked, bodies().length]).toEqual([0, 2]);
  });

  test('A8 STOP while a text of the ongoing chat waits: the chat ends, the text is dropped, START begins anew', async () => {
    const { text, agent, bodies, store } = await world();
    const { inbound_id } = await text('Hi');
    agent.fails = { kind: 'failed', reason: 'the model is away', retry: true };
    await text('7');
    delete agent.fails;
    await text('stop');
    const chatId = (await store.getInbound(inbound_id))!.chat_id!;
    const { chat, messages } = (await store.getWholeChat(chatId))!;
    expect(chat).toMatchObject({ chat_status: 'ended', disconnection_reason: 'user_hangup' });
    expect(messages.map(({ content }) => content)).not.toContain('7');
    await text('Start');
    await text('Hi again');
    expect(bodies().slice(1)).toEqual([
      expect.stringMatching(/unsubscribed/),
      expect.stringMatching(/resubscribed/),
      'Well?',
    ]);
  });

  test('an inbound that has another outcome by now is not decided in a loop: its text is a first one again', async () => {
    const { text, agent, advance, bodies, store } = await world();
    agent.fails = { kind: 'failed', reason: 'the model is away', retry: true };
    const { inbound_id } = await text('Hi');
    await store.settleInbound({ inbound_id, outcome: 'interrupted', outcome_timestamp: 1 });
    delete agent.fails;
    for (let nth = 0; nth < 15; nth++) await advance(200);
    expect(bodies()).toEqual(['Well?']);
    expect(await store.nextText(`${OURS}|${THEIRS}`)).toBeUndefined();
    expect(await store.getTextRun(inbound_id)).toBeUndefined();
  });

  test('poison: NUL, lone surrogates and a megabyte are texts like any other', async () => {
    const { text, bodies, store } = await world();
    const { inbound_id } = await text('\u0000');
    const hostile = ['a\ud800\u0000b', 'x\ud83d'.repeat(500_000), '__proto__', '{{user_number}}\u202e'];
    for (const words of hostile) await text(words);
    const { messages } = (await store.getWholeChat((await store.getInbound(inbound_id))!.chat_id!))!;
    const said = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(said).toEqual(['\u0000', ...hostile.map((words) => words.toWellFormed())]);
    expect(bodies()).toHaveLength(5);
    expect(await store.nextText(`${OURS}|${THEIRS}`)).toBeUndefined();
  });

  test('A8 else one confirmation, also while opted out', async () => {
    const { text, bodies, parts } = await world();
    for (const words of ['Hi', 'STOP', 'Hello', 'Help', 'START']) await text(words);
    const ways = parts.map(({ from_number, to_number }) => [from_number, to_number]);
    expect(ways).toEqual(Array(4).fill([OURS, THEIRS]));
    expect(bodies()).toEqual([
      'Well?',
      expect.stringMatching(/unsubscribed/),
      expect.stringMatching(/^Reply STOP/),
      expect.stringMatching(/resubscribed/),
    ]);
  });
});
