import type Retell from 'retell-sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFlowAgent, makeLlmChatAgent } from '../../test/make-chat-agent.ts';
import { makeAgent, READ_KEY, startTestApi, type TestApi } from '../../test/start-test-api.ts';

let api: TestApi;
let client: Retell;
beforeEach(async () => {
  api = await startTestApi();
  ({ client } = api);
});
afterEach(() => api.close());

const write = async (chat_id: string, content: string) => {
  const { messages } = await client.chat.createChatCompletion({ chat_id, content });
  return messages.map((message) => ('content' in message ? `${message.role}: ${message.content}` : message.role));
};
const begin = async (over: Parameters<typeof makeFlowAgent>[1] = {}, params: object = {}) => {
  const { agent_id } = await makeFlowAgent(client, over);
  return client.chat.create({ agent_id, retell_llm_dynamic_variables: { name: 'Bo' }, ...params });
};

describe('a chat on a flow', () => {
  test('begins with the agent, answers message for message, keeps all of it, and ends with the flow', async () => {
    const chat = await begin({}, { metadata: { order: 7 } });
    expect(chat).toMatchObject({
      chat_status: 'ongoing',
      chat_type: 'api_chat',
      version: 0,
      metadata: { order: 7 },
      retell_llm_dynamic_variables: { name: 'Bo' },
      transcript: 'Agent: Welcome to the shop. Write 1 for an order, 0 to leave.',
    });
    expect(chat.chat_id).toMatch(/^chat_[0-9a-z]{25,}$/);
    expect(chat.start_timestamp).toBeGreaterThan(1_700_000_000_000);
    const { chat_id } = chat;
    expect(await write(chat_id, 'hm?')).toEqual(['agent: Welcome to the shop. Write 1 for an order, 0 to leave.']);
    expect(await write(chat_id, '1')).toEqual(['agent: Which number?']);
    expect(await write(chat_id, '12')).toEqual(['agent: Which number?']);
    expect(await write(chat_id, '100')).toEqual([
      'agent: Order 100 is on its way, Bo.',
      'agent: Welcome to the shop. Write 1 for an order, 0 to leave.',
    ]);
    expect(await write(chat_id, '0')).toEqual(['agent: Goodbye.']);
    const ended = await client.chat.retrieve(chat_id);
    expect(ended).toMatchObject({
      chat_status: 'ended',
      disconnection_reason: 'agent_hangup',
      collected_dynamic_variables: { user_dtmf_input: '0', user_dtmf_input_ask: '100' },
    });
    expect(ended.end_timestamp).toBeGreaterThan(ended.start_timestamp!);
    expect(ended.message_with_tool_calls?.map(({ role }) => role).join(' ')).toBe(
      'agent user agent user agent user agent user agent agent user agent',
    );
    expect(ended.message_with_tool_calls?.[1]).toMatchObject({
      content: 'hm?',
      message_id: expect.any(String),
      created_timestamp: expect.any(Number),
    });
    expect(ended.transcript?.split('\n').slice(-2)).toEqual(['User: 0', 'Agent: Goodbye.']);
    for (const hidden of ['event_hook', 'state', 'turn', 'expires_timestamp', 'agent_version'])
      expect(ended).not.toHaveProperty(hidden);
  });

  test('completions at once are served one after the other, each seeing what came before, and none is lost', async () => {
    const { chat_id } = await begin();
    const sent = ['1', '100', 'one', 'two', 'three', 'four'];
    const answered = await Promise.all(sent.map((content) => write(chat_id, content)));
    const stored = (await client.chat.retrieve(chat_id)).message_with_tool_calls?.slice(1) ?? [];
    const served: string[] = [];
    for (const message of stored) {
      if (!('content' in message)) throw new Error(message.role);
      if (message.role === 'user') served.push(message.content);
      // The answer that its own completion got stands behind it.
      else expect(answered[sent.indexOf(served.at(-1)!)]).toContain(`agent: ${message.content}`);
    }
    expect([...served].sort()).toEqual([...sent].sort());
    const again = await begin();
    for (const content of served) {
      expect(await write(again.chat_id, content)).toEqual(answered[sent.indexOf(content)]);
    }
  });

  test('start_speaker user: nothing is said before the user has written', async () => {
    const chat = await begin({ flow: { start_speaker: 'user' } });
    expect(chat).toMatchObject({ transcript: '', message_with_tool_calls: [] });
    expect(await write(chat.chat_id, '1')).toEqual(['agent: Welcome to the shop. Write 1 for an order, 0 to leave.']);
    expect(await write(chat.chat_id, '1')).toEqual(['agent: Which number?']);
  });

  test('E8 what the agent becomes later does not touch the chat', async () => {
    const chat = await begin();
    const agent = await client.chatAgent.retrieve(chat.agent_id);
    const { conversation_flow_id } = agent.response_engine as { conversation_flow_id: string };
    await client.conversationFlow.update(conversation_flow_id, { nodes: [], start_node_id: null } as never);
    await client.chatAgent.delete(chat.agent_id);
    expect(await write(chat.chat_id, '1')).toEqual(['agent: Which number?']);
  });

  test('a flow that only says goodbye is over at once', async () => {
    const nodes = [{ id: 'bye', type: 'end', instruction: { type: 'static_text', text: 'Closed.' } }];
    const chat = await begin({ flow: { nodes, start_node_id: 'bye' } });
    expect(chat).toMatchObject({ chat_status: 'ended', transcript: 'Agent: Closed.' });
    await expect(write(chat.chat_id, 'hi')).rejects.toMatchObject({ status: 400, error: { code: 'chat_over' } });
  });
});

describe('what it takes a model for', () => {
  test('an LLM says its begin message; a completion names what is missing, and nothing is made up or stored', async () => {
    const { agent_id } = await makeLlmChatAgent(client);
    const body = { agent_id, retell_llm_dynamic_variables: { name: 'Bo' } };
    const { data: chat, response } = await client.chat.create(body).withResponse();
    expect(chat.transcript).toBe('Agent: Hello Bo');
    expect(response.headers.get('x-pickup-warning')).toMatch(/cannot be answered here: .* a model\./);
    await expect(write(chat.chat_id, 'Hi')).rejects.toMatchObject({
      status: 422,
      message: expect.stringMatching(/cannot be answered: its agent is a prompted LLM, which takes a model/),
      error: { code: 'cannot_answer' },
    });
    expect((await client.chat.retrieve(chat.chat_id)).transcript).toBe('Agent: Hello Bo');
    const silent = await makeLlmChatAgent(client, { llm: { start_speaker: 'user' } });
    expect((await client.chat.create({ agent_id: silent.agent_id })).transcript).toBe('');
  });

  test('a flow names its nodes that need one; a custom LLM what it needs', async () => {
    const prompt = { id: 'menu', type: 'conversation', instruction: { type: 'prompt', text: 'Greet them' } };
    const { chat_id } = await begin({ flow: { nodes: [prompt] } });
    await expect(write(chat_id, 'Hi')).rejects.toMatchObject({ message: expect.stringMatching(/node menu: .*model/) });
    const engine = { type: 'custom-llm', llm_websocket_url: 'wss://llm.example.com' };
    const { agent_id } = await client.chatAgent.create({ response_engine: engine } as never);
    const custom = await client.chat.create({ agent_id });
    await expect(write(custom.chat_id, 'Hi')).rejects.toMatchObject({ message: expect.stringMatching(/custom LLM/) });
  });

  test('an analysis is refused once the chat is over, and before', async () => {
    const { chat_id } = await begin();
    await expect(client.chat.rerunAnalysis(chat_id)).rejects.toMatchObject({
      status: 422,
      message: expect.stringMatching(/ongoing/),
    });
    await client.chat.end(chat_id);
    await expect(client.chat.rerunAnalysis(chat_id)).rejects.toMatchObject({
      status: 422,
      error: { code: 'cannot_answer' },
    });
    await expect(client.chat.rerunAnalysis('chat_none')).rejects.toMatchObject({
      error: { code: 'not_found_asset' },
    });
  });
});

describe('who answers', () => {
  test('unknown agents and versions and voice agents are 422, faults of form 400, all at once', async () => {
    const chatAgent = await makeFlowAgent(client);
    const voice = await makeAgent(client);
    const refusal = (body: object) => client.chat.create(body as never).catch((error: unknown) => error);
    expect(await refusal({ agent_id: 'agent_none' })).toMatchObject({
      status: 422,
      error: { code: 'not_found_asset' },
    });
    expect(await refusal({ agent_id: chatAgent.agent_id, agent_version: 9 })).toMatchObject({ status: 422 });
    expect(await refusal({ agent_id: voice.agent_id })).toMatchObject({
      status: 422,
      message: expect.stringMatching(/voice agent/),
    });
    expect(await refusal({ agent_version: true, metadata: [] })).toMatchObject({
      status: 400,
      message: expect.stringMatching(/agent_version.*agent_id.*metadata/s),
    });
    const big = { agent_id: chatAgent.agent_id, metadata: { text: 'x'.repeat(50_001) } };
    expect(await refusal(big)).toMatchObject({ status: 400 });
    for (const body of [{}, { chat_id: 'c', content: '' }, { chat_id: 1, content: 'x' }])
      expect((await api.post('/create-chat-completion', body)).status).toBe(400);
  });

  test('a version by number (0 too), tag or name; the tag lends its variables and is kept with the chat', async () => {
    const { agent_id } = await makeFlowAgent(client);
    await client.chatAgent.publish(agent_id, { version: 0 });
    await client.chatAgent.createVersion(agent_id, { base_version: 0 });
    const tag = { tag: 'prod', version: 0, dynamic_variables: { shop: 'North' } };
    expect((await api.post(`/assign-agent-tag/${agent_id}`, tag)).status).toBe(200);
    const byTag = await client.chat.create({ agent_id, agent_version: 'prod' });
    expect(byTag).toMatchObject({ version: 0, agent_tag: 'prod' });
    expect(byTag.transcript).toMatch(/Welcome to North/);
    expect((await client.chat.create({ agent_id, agent_version: 0 })).version).toBe(0);
    expect((await client.chat.create({ agent_id, agent_version: 'latest_published' })).version).toBe(0);
    expect((await client.chat.create({ agent_id })).version).toBe(1);
  });

  test('E4 E7 E10 an override is laid on top for this chat; what has no effect is said, what does not fit is 400', async () => {
    const { agent_id } = await makeLlmChatAgent(client);
    const create = (agent_override: object) => client.chat.create({ agent_id, agent_override } as never).withResponse();
    const override = {
      agent: { voice_speed: 1.1, vocab_specialization: 'medical' },
      retell_llm: { begin_message: 'Hi {{chat_id}}' },
    };
    const { data, response } = await create(override);
    expect(data.transcript).toBe(`Agent: Hi ${data.chat_id}`);
    const warnings = response.headers.get('x-pickup-warning') ?? '';
    expect(warnings).toMatch(/voice_speed is a setting of voice agents/);
    expect(warnings).toMatch(/vocab_specialization/);
    expect((await client.chat.create({ agent_id })).transcript).toBe('Agent: Hello {{name}}');
    const faulty = { retell_llm: { s2s_model: 'gpt-realtime', model_temperature: 7 }, agent: { webhook_url: 'x' } };
    const refused = await create(faulty).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 400, message: expect.stringMatching(/model_temperature/) });
    expect(JSON.stringify((refused as { error: object }).error)).not.toMatch(/chat_inbound/);
  });

  test('nobody has a number here, so a user_number of one’s own is a variable like any other', async () => {
    const { agent_id } = await makeLlmChatAgent(client, { llm: { begin_message: '{{user_number}} {{agent_number}}' } });
    const body = { agent_id, retell_llm_dynamic_variables: { user_number: '+1' } };
    expect((await client.chat.create(body)).transcript).toBe('Agent: +1 {{agent_number}}');
  });
});

describe('the life of a chat', () => {
  test('end: once or twice, then no more messages; delete: gone with all of it; unknown ids are 422', async () => {
    const { chat_id } = await begin();
    await client.chat.end(chat_id);
    await client.chat.end(chat_id);
    expect(await client.chat.retrieve(chat_id)).toMatchObject({
      chat_status: 'ended',
      disconnection_reason: 'manual_stopped',
    });
    await expect(write(chat_id, '1')).rejects.toMatchObject({ status: 400, error: { code: 'chat_over' } });
    await client.chat.delete(chat_id);
    for (const gone of [
      client.chat.retrieve(chat_id),
      client.chat.end(chat_id),
      client.chat.delete(chat_id),
      client.chat.update(chat_id, {}),
      write(chat_id, '1'),
    ])
      await expect(gone).rejects.toMatchObject({ status: 422, error: { code: 'not_found_asset' } });
  });

  test('K3 a silent chat says its closing words and ends, by the sweep or by the message that comes too late', async () => {
    const agent = { end_chat_after_silence_ms: 120_000, auto_close_message: 'Bye then, {{name}}.' };
    const [swept, late] = [await begin({ agent }), await begin({ agent })];
    api.advance(100_000);
    await write(swept.chat_id, '1');
    await write(late.chat_id, '1');
    api.advance(100_000);
    expect(await api.chats.endSilent()).toBe(0);
    api.advance(20_000);
    await expect(write(late.chat_id, '100')).rejects.toMatchObject({ error: { code: 'chat_over' } });
    expect(await api.chats.endSilent()).toBe(1);
    for (const { chat_id } of [swept, late]) {
      const ended = await client.chat.retrieve(chat_id);
      expect(ended).toMatchObject({ chat_status: 'ended', disconnection_reason: 'inactivity' });
      expect(ended.transcript?.split('\n').at(-1)).toBe('Agent: Bye then, Bo.');
    }
    const hour = await begin();
    api.advance(3_590_000);
    expect(await api.chats.endSilent()).toBe(0);
    api.advance(10_000);
    expect(await api.chats.endSilent()).toBe(1);
    expect((await client.chat.retrieve(hour.chat_id)).transcript).not.toMatch(/Bye/);
  });

  test('update: metadata, attributes, and variables that hold from the next message on', async () => {
    const { chat_id } = await begin();
    const updated = await client.chat.update(chat_id, {
      metadata: { tier: 'gold' },
      custom_attributes: { vip: true },
      override_dynamic_variables: { name: 'Cy', shop: 'the stall', chat_id: 'no' },
    });
    expect(updated).toMatchObject({ metadata: { tier: 'gold' }, custom_attributes: { vip: true } });
    expect(updated.retell_llm_dynamic_variables).toEqual({ name: 'Bo' });
    await write(chat_id, '1');
    expect(await write(chat_id, '100')).toEqual([
      'agent: Order 100 is on its way, Cy.',
      'agent: Welcome to the stall. Write 1 for an order, 0 to leave.',
    ]);
    await client.chat.update(chat_id, { override_dynamic_variables: null });
    expect(await write(chat_id, '?')).toEqual(['agent: Welcome to the shop. Write 1 for an order, 0 to leave.']);
    const faults = client.chat.update(chat_id, { metadata: 1, override_dynamic_variables: { a: [] } } as never);
    await expect(faults).rejects.toMatchObject({ status: 400 });
  });

  test('update: the storage setting is only tightened; the tightest keeps nothing, and the chat goes on', async () => {
    const { chat_id } = await begin({}, { metadata: { order: 7 } });
    const tight = await client.chat.update(chat_id, { data_storage_setting: 'basic_attributes_only' });
    expect(tight).toMatchObject({ transcript: '', message_with_tool_calls: [] });
    for (const gone of ['metadata', 'retell_llm_dynamic_variables']) expect(tight).not.toHaveProperty(gone);
    const looser = client.chat.update(chat_id, { data_storage_setting: 'everything' });
    await expect(looser).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/tightened/) });
    await expect(client.chat.update(chat_id, { metadata: {} })).rejects.toMatchObject({ status: 400 });
    expect(await write(chat_id, '1')).toEqual(['agent: Which number?']);
    await write(chat_id, '100');
    expect(await write(chat_id, '0')).toEqual(['agent: Goodbye.']);
    const ended = await client.chat.retrieve(chat_id);
    expect(ended).toMatchObject({ chat_status: 'ended', message_with_tool_calls: [] });
    expect(ended).not.toHaveProperty('collected_dynamic_variables');
  });

  test('a read-only key reads chats and changes none', async () => {
    const { chat_id } = await begin();
    const headers = { authorization: `Bearer ${READ_KEY}`, 'content-type': 'application/json' };
    expect((await api.request(`/get-chat/${chat_id}`, { headers })).status).toBe(200);
    const asked = { method: 'POST', headers, body: JSON.stringify({ chat_id, content: '1' }) };
    expect((await api.request('/create-chat-completion', asked)).status).toBe(403);
    expect((await api.request(`/delete-chat/${chat_id}`, { method: 'DELETE', headers })).status).toBe(403);
  });
});

describe('create-sms-chat', () => {
  const from = '+12137771234';
  const texts = { from_number: from, to_number: '+12137771235' };
  const refusal = () => client.chat.createSMSChat(texts).catch((error: unknown) => error);

  test('says in turn which of what it needs is not there, at the end that no text can be sent', async () => {
    expect(await refusal()).toMatchObject({ status: 422, message: expect.stringMatching(/import-phone-number/) });
    await client.phoneNumber.import({ phone_number: from, termination_uri: 'sip.example.com' });
    expect(await refusal()).toMatchObject({ status: 422, message: expect.stringMatching(/outbound_sms_agents/) });
    const { agent_id } = await makeFlowAgent(client);
    await client.phoneNumber.update(from, { outbound_sms_agents: [{ agent_id, weight: 1 }] } as never);
    expect(await refusal()).toMatchObject({
      status: 422,
      error: { code: 'cannot_answer' },
      message: expect.stringMatching(/SMS provider/),
    });
    const bad = client.chat.createSMSChat({ from_number: from, to_number: 'home' });
    await expect(bad).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/to_number/) });
    expect((await client.chat.list()).items).toEqual([]);
  });
});

describe('lists', () => {
  test('newest first without what was said, in pages, filtered as the SDK’s types say', async () => {
    const { agent_id } = await makeFlowAgent(client);
    const other = await makeFlowAgent(client);
    const chats: Retell.ChatResponse[] = [];
    for (const id of [agent_id, agent_id, other.agent_id]) {
      chats.push(await client.chat.create({ agent_id: id }));
      api.advance(1_000);
    }
    await client.chat.end(chats[0]!.chat_id);
    const all = await client.chat.list({ include_total: true });
    expect(all).toMatchObject({ has_more: false, total: 3 });
    expect(all.items.map(({ chat_id }) => chat_id)).toEqual(chats.map(({ chat_id }) => chat_id).reverse());
    for (const name of ['transcript', 'message_with_tool_calls']) expect(all.items[0]).not.toHaveProperty(name);
    const page = await client.chat.list({ limit: 2, sort_order: 'ascending' });
    expect(page.has_more).toBe(true);
    const next = await client.chat.list({ pagination_key: page.pagination_key!, sort_order: 'ascending' });
    expect(next.items.map(({ chat_id }) => chat_id)).toEqual([chats[2]!.chat_id]);
    const found = async (filter_criteria: NonNullable<Parameters<Retell['chat']['list']>[0]>['filter_criteria']) =>
      (await client.chat.list({ filter_criteria: filter_criteria! })).items.map((item) =>
        chats.findIndex(({ chat_id }) => chat_id === item.chat_id),
      );
    expect(await found({ chat_status: { type: 'enum', op: 'in', value: ['ended'] } })).toEqual([0]);
    expect(await found({ agent: [{ agent_id, version: [0] }, { agent_id: 'none' }] })).toEqual([1, 0]);
    expect(await found({ chat_id: { type: 'string', op: 'eq', value: chats[1]!.chat_id } })).toEqual([1]);
    expect(await found({ duration_ms: { type: 'number', op: 'ge', value: 3_000 } })).toEqual([0]);
    const start = chats[1]!.start_timestamp!;
    expect(await found({ start_timestamp: { type: 'range', op: 'bt', value: [start, start + 5_000] } })).toEqual([
      2, 1,
    ]);
    expect(await found({ disconnection_reason: { type: 'enum', op: 'in', value: ['manual_stopped'] } })).toEqual([0]);
    expect(await found({ end_timestamp: { type: 'number', op: 'gt', value: 0 } })).toEqual([0]);
    expect(await found({ agent_tag: { type: 'enum', op: 'in', value: ['prod'] } })).toEqual([]);
    expect(await found({ chat_successful: { type: 'boolean', op: 'eq', value: true } })).toEqual([]);
    expect(await found({ combined_cost: { type: 'number', op: 'gt', value: 0 } })).toEqual([]);
    expect(await found({ user_sentiment: { type: 'enum', op: 'in', value: ['Positive'] } })).toEqual([]);
    expect(await found({ custom_analysis_data: [{ type: 'present', op: 'np', key: 'x' }] })).toEqual([2, 1, 0]);
    await client.chat.update(chats[2]!.chat_id, { custom_attributes: { vip: true } });
    expect(await found({ custom_attributes: [{ type: 'boolean', op: 'eq', key: 'vip', value: true }] })).toEqual([2]);
    await expect(found({ who: {} } as never)).rejects.toMatchObject({ status: 400 });
  });

  test('older SDKs read a bare array of whole chats', async () => {
    const chat = await begin();
    const reply = await api.request('/list-chat');
    expect(await reply.json()).toEqual([JSON.parse(JSON.stringify(chat))]);
  });
});
