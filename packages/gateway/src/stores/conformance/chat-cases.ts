import { describe, expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { ChatMessage, ChatRow, Store } from '../port.ts';
import { byTurns, NOW } from './samples.ts';

const chat = (id: string, over: Partial<ChatRow> = {}): ChatRow => ({
  chat_id: id,
  chat_type: 'api_chat',
  chat_status: 'ongoing',
  agent_id: 'agent_1',
  agent_version: 0,
  data_storage_setting: 'everything',
  start_timestamp: NOW,
  turn: 0,
  expires_timestamp: NOW + 1_000,
  ...over,
});
const says = (content: string, role: 'agent' | 'user' = 'user'): ChatMessage => ({
  message_id: `m_${content}`,
  role,
  content,
  created_timestamp: NOW,
});
const PLAN = { agent: { webhook_url: 'https://example.com' } };
const EVENTS = ['chat_started', 'chat_ended', 'chat_analyzed'];
const event_hook = { url: 'https://example.com/events', events: EVENTS, timeout_ms: 10_000 };
const END = { chat_status: 'ended', end_timestamp: NOW + 500, disconnection_reason: 'agent_hangup' } as const;
const contents = async (store: Store, id: string) =>
  (await store.getWholeChat(id))?.messages.map(({ content }) => content);
const ids = async (page: Promise<{ readonly items: readonly ChatRow[] }>) =>
  (await page).items.map(({ chat_id }) => chat_id);

/** S7 and the life of a chat. */
export function chatCases(stores: () => TwoConnections): void {
  test('S7 of many turns made from the same one, one is taken and the others are behind', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1'), PLAN, [says('Hello', 'agent')]);
    const results = await byTurns<Store, string>(a, b, 12, async (store, index) => {
      const messages = [says(`q${index}`), says(`a${index}`, 'agent')];
      const result = await store.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages, state: { at: index } });
      return result.advanced ? `taken ${index}` : result.why;
    });
    const taken = results.filter((one) => one.startsWith('taken'));
    expect(taken).toHaveLength(1);
    expect(results.filter((one) => one === 'behind')).toHaveLength(11);
    const winner = Number(taken[0]!.split(' ')[1]);
    expect(await contents(b, 'chat_1')).toEqual(['Hello', `q${winner}`, `a${winner}`]);
    expect(await b.getChat('chat_1')).toMatchObject({ turn: 1, state: { at: winner } });
  });

  test('S7 whoever reads again after being behind loses nothing: messages stand in the order of turns', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1'), PLAN, []);
    const order: number[] = [];
    await byTurns<Store, void>(a, b, 10, async (store, index) => {
      for (;;) {
        const { turn } = (await store.getChat('chat_1'))!;
        const messages = [says(`q${index}`), says(`a${index}`, 'agent')];
        const result = await store.advanceChat({ chat_id: 'chat_1', from_turn: turn, messages });
        if (result.advanced) {
          order[result.chat.turn - 1] = index;
          return;
        }
      }
    });
    expect(await contents(a, 'chat_1')).toEqual(order.flatMap((index) => [`q${index}`, `a${index}`]));
    expect([...order].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('S7 a chat ends once, with its last words; then it changes no more and its plan is gone', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1', { state: { at: 'start' } }), PLAN, []);
    expect(await b.getChatPlan('chat_1')).toEqual(PLAN);
    const end = { ...END, collected_dynamic_variables: { order: '7' } };
    const ended = await b.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages: [says('Bye', 'agent')], end });
    expect(ended.advanced && ended.chat).toMatchObject({ ...end, duration_ms: 500, turn: 1 });
    expect(ended.advanced && ended.chat).not.toHaveProperty('state');
    const again = await a.advanceChat({ chat_id: 'chat_1', from_turn: 1, messages: [says('late')] });
    expect(again).toEqual({ advanced: false, why: 'over' });
    expect(await a.advanceChat({ chat_id: 'chat_2', from_turn: 0, messages: [] })).toEqual({
      advanced: false,
      why: 'unknown',
    });
    expect(await a.getChatPlan('chat_1')).toBeUndefined();
    expect(await contents(a, 'chat_1')).toEqual(['Bye']);
  });

  test('a chat id is taken once; one that was never made is not there', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1'), PLAN, []);
    await expect(b.createChat(chat('chat_1', { agent_id: 'other' }), {}, [says('x')])).rejects.toThrow();
    expect(await b.getWholeChat('chat_1')).toEqual({ chat: chat('chat_1'), messages: [] });
    for (const read of [b.getChat('x'), b.getWholeChat('x'), b.getChatPlan('x'), b.updateChat('x', {})])
      expect(await read).toBeUndefined();
    expect(await b.deleteChat('x')).toBe(false);
  });

  test('events are made with the change they tell of, each once; without a hook there are none', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1', { event_hook }), PLAN, [says('Hello', 'agent')]);
    await a.createChat(chat('chat_2'), PLAN, []);
    const names = async (id: string) => (await b.listEvents(id)).map(({ event }) => event);
    expect(await names('chat_1')).toEqual(['chat_started']);
    await byTurns<Store, unknown>(a, b, 4, (store) =>
      store.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages: [says('Bye', 'agent')], end: END }),
    );
    await a.advanceChat({ chat_id: 'chat_2', from_turn: 0, messages: [], end: END });
    expect(await names('chat_1')).toEqual(EVENTS);
    expect(await names('chat_2')).toEqual([]);
    const [started, ended, analyzed] = (await a.listEvents('chat_1')).map(({ body }) => JSON.parse(body));
    expect(started).toMatchObject({
      event: 'chat_started',
      chat: { chat_status: 'ongoing', transcript: 'Agent: Hello' },
    });
    expect(ended).toMatchObject({ chat: { chat_status: 'ended', transcript: 'Agent: Hello\nAgent: Bye' } });
    expect(ended.chat).not.toHaveProperty('chat_analysis');
    expect(analyzed).toMatchObject({ event: 'chat_analyzed', chat: { chat_analysis: {} } });
    for (const { body } of await a.listEvents('chat_1')) expect(body).not.toMatch(/event_hook|expires_timestamp/);
    await a.createChat(chat('chat_3', { ...END, event_hook }), PLAN, []);
    expect(await names('chat_3')).toEqual(EVENTS);
    expect(await b.getChatPlan('chat_3')).toBeUndefined();
  });

  test('a chat that is deleted takes messages, plan and events along; its id is free of them', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1', { event_hook }), PLAN, [says('Hello', 'agent')]);
    expect(await b.deleteChat('chat_1')).toBe(true);
    expect(await a.listEvents('chat_1')).toEqual([]);
    expect(await a.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages: [says('x')] })).toMatchObject({
      why: 'unknown',
    });
    await b.createChat(chat('chat_1'), { other: true }, []);
    expect(await contents(a, 'chat_1')).toEqual([]);
    expect(await a.getChatPlan('chat_1')).toEqual({ other: true });
  });

  test('a change meets a turn without either being lost; null clears an override', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1'), PLAN, []);
    await Promise.all([
      a.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages: [says('q')], state: { at: 1 } }),
      b.updateChat('chat_1', { metadata: { order: 7 }, override_dynamic_variables: { name: 'Bo' } }),
    ]);
    const row = await a.getChat('chat_1');
    expect(row).toMatchObject({ turn: 1, state: { at: 1 }, metadata: { order: 7 } });
    expect(row?.override_dynamic_variables).toEqual({ name: 'Bo' });
    const cleared = await b.updateChat('chat_1', { override_dynamic_variables: null });
    expect(cleared?.chat).not.toHaveProperty('override_dynamic_variables');
    expect(cleared?.messages.map(({ content }) => content)).toEqual(['q']);
  });

  test('basic_attributes_only takes what was said with it, and keeps nothing of what is said then', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1'), PLAN, [says('Hello', 'agent')]);
    const tight = await b.updateChat('chat_1', { data_storage_setting: 'basic_attributes_only', metadata: {} });
    expect(tight?.messages).toEqual([]);
    const end = { ...END, collected_dynamic_variables: { pin: '1' } };
    await a.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages: [says('secret')], end });
    const whole = await b.getWholeChat('chat_1');
    expect(whole?.messages).toEqual([]);
    expect(whole?.chat).not.toHaveProperty('collected_dynamic_variables');
    await a.createChat(chat('chat_2', { data_storage_setting: 'basic_attributes_only' }), PLAN, [says('Hi', 'agent')]);
    expect(await contents(b, 'chat_2')).toEqual([]);
  });

  test('silent chats: ongoing and due, the longest first', async () => {
    const { a, b } = stores();
    await a.createChat(chat('chat_1', { expires_timestamp: NOW + 20 }), PLAN, []);
    await a.createChat(chat('chat_2', { expires_timestamp: NOW + 10 }), PLAN, []);
    await a.createChat(chat('chat_3', { ...END, expires_timestamp: NOW }), PLAN, []);
    const due = async (now: number, limit = 10) => (await b.silentChats(now, limit)).map(({ chat_id }) => chat_id);
    expect(await due(NOW + 9)).toEqual([]);
    expect(await due(NOW + 20)).toEqual(['chat_2', 'chat_1']);
    expect(await due(NOW + 20, 1)).toEqual(['chat_2']);
    await a.advanceChat({ chat_id: 'chat_2', from_turn: 0, messages: [], expires_timestamp: NOW + 50 });
    expect(await due(NOW + 20)).toEqual(['chat_1']);
  });

  describe('lists of chats', () => {
    test('by start, newest first, in pages that meet, with a total of what the filters let through', async () => {
      const { a, b } = stores();
      for (const [index, at] of [3, 1, 2, 2].entries())
        await a.createChat(chat(`chat_${index}`, { start_timestamp: NOW + at }), PLAN, []);
      const first = await b.listChats({ limit: 3, include_total: true });
      expect(first.items.map(({ chat_id }) => chat_id)).toEqual(['chat_0', 'chat_3', 'chat_2']);
      expect(first).toMatchObject({ has_more: true, total: 4 });
      expect(await ids(a.listChats({ limit: 3, pagination_key: first.pagination_key! }))).toEqual(['chat_1']);
      expect(await ids(a.listChats({ skip: 1, limit: 2, sort_order: 'ascending' }))).toEqual(['chat_2', 'chat_3']);
      const whole = await a.listWholeChats({ limit: 1 });
      expect(whole.items).toEqual([{ chat: chat('chat_0', { start_timestamp: NOW + 3 }), messages: [] }]);
    });

    test('filters on rows and inside them; what no chat has is null', async () => {
      const { a, b } = stores();
      await a.createChat(chat('chat_1', { agent_tag: 'prod', metadata: { tier: 'gold' } }), PLAN, []);
      await a.createChat(chat('chat_2', { ...END, duration_ms: 500 }), PLAN, []);
      const by = (field: string, op: 'eq' | 'in' | 'gt' | 'np', value: string | number | string[] | boolean) =>
        ids(b.listChats({ filters: [{ field, op, value }] }));
      expect(await by('chat_status', 'in', ['ended'])).toEqual(['chat_2']);
      expect(await by('agent_tag', 'in', ['prod'])).toEqual(['chat_1']);
      expect(await by('duration_ms', 'gt', 499)).toEqual(['chat_2']);
      expect(await by('disconnection_reason', 'in', ['agent_hangup'])).toEqual(['chat_2']);
      expect(await by('chat_successful', 'eq', true)).toEqual([]);
      expect(await by('user_sentiment', 'np', true)).toEqual(['chat_2', 'chat_1']);
    });

    test('of any of several agents, each with its versions or with any', async () => {
      const { a, b } = stores();
      for (const [id, agent_id, agent_version] of [
        ['chat_1', 'x', 0],
        ['chat_2', 'x', 1],
        ['chat_3', 'y', 1],
        ['chat_4', 'z', 1],
      ] as const)
        await a.createChat(chat(id, { agent_id, agent_version }), PLAN, []);
      const agents = [
        { agent_id: 'x', version: [1, 7] },
        { agent_id: 'y', version: [] },
      ];
      expect((await b.listChats({ agents, include_total: true })).total).toBe(2);
      expect(await ids(b.listChats({ agents }))).toEqual(['chat_3', 'chat_2']);
      expect(await ids(b.listChats({ agents: [{ agent_id: 'x' }] }))).toEqual(['chat_2', 'chat_1']);
      expect(await ids(b.listChats({ agents: [] }))).toHaveLength(4);
    });
  });

  test('an analysis is work left by the end, is told once, and can be asked for by lists', async () => {
    const { a, b } = stores();
    const analysis_task = { post_chat_analysis_model: 'gpt-4.1' };
    for (const id of ['chat_1', 'chat_2']) await a.createChat(chat(id, { event_hook }), PLAN, [says('Hi')]);
    expect(await a.settleChatAnalysis('chat_1', { chat_summary: 'early' })).toBeUndefined();
    for (const id of ['chat_1', 'chat_2']) {
      await a.advanceChat({ chat_id: id, from_turn: 0, messages: [], end: { ...END, analysis_task } });
    }
    const told = async (id: string) => (await b.listEvents(id)).map(({ event }) => event);
    expect(await told('chat_1')).toEqual(['chat_started', 'chat_ended']);
    const taken = await b.takeJobs({ node_id: 'n', now: NOW + 10_000, limit: 10, lease_ms: 1_000 });
    expect(taken).toMatchObject([{ task: 'analyze_chat', payload: { chat_id: 'chat_1' } }, {}]);
    const found = { chat_summary: 'Fine.', user_sentiment: 'Positive', chat_successful: true };
    const custom_analysis_data = { city: 'Rome', people: 3 };
    await b.settleChatAnalysis('chat_1', { ...found, custom_analysis_data });
    await b.settleChatAnalysis('chat_2', { chat_successful: false });
    await b.settleChatAnalysis('chat_1', { ...found, chat_summary: 'Better.', custom_analysis_data });
    expect(await told('chat_1')).toEqual(EVENTS);
    const { body } = (await a.listEvents('chat_1'))[2]!;
    expect(JSON.parse(body)).toMatchObject({ chat: { chat_analysis: { ...found, custom_analysis_data } } });
    expect((await a.getWholeChat('chat_1'))?.chat).toMatchObject({ chat_summary: 'Better.', turn: 1 });
    const by = (field: string, value: string | number | boolean, key?: string) =>
      ids(a.listChats({ limit: 10, filters: [{ field, op: 'eq', value, ...(key && { key }) }] }));
    expect(await by('chat_successful', true)).toEqual(['chat_1']);
    expect(await by('chat_successful', false)).toEqual(['chat_2']);
    expect(await by('user_sentiment', 'Positive')).toEqual(['chat_1']);
    expect(await by('custom_analysis_data', 3, 'people')).toEqual(['chat_1']);
    await a.updateChat('chat_1', { data_storage_setting: 'basic_attributes_only' });
    expect((await a.getChat('chat_1'))?.chat_summary).toBeUndefined();
    expect((await a.settleChatAnalysis('chat_1', found))?.chat.chat_summary).toBeUndefined();
  });

  test('what keeps nothing of what was said is not analysed, and chat_analyzed is told at once', async () => {
    const { a } = stores();
    const basic = { event_hook, data_storage_setting: 'basic_attributes_only' };
    await a.createChat(chat('chat_1', basic), PLAN, [says('Hi')]);
    await a.advanceChat({ chat_id: 'chat_1', from_turn: 0, messages: [], end: { ...END, analysis_task: {} } });
    expect((await a.listEvents('chat_1')).map(({ event }) => event)).toEqual(EVENTS);
    expect(await a.takeJobs({ node_id: 'n', now: NOW + 10_000, limit: 10, lease_ms: 1_000 })).toEqual([]);
  });
}
