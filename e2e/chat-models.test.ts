/** Chats of prompted agents on a real gateway, by the unmodified SDK, with a model endpoint that sees every request. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import {
  type ModelAnswer,
  type ModelEndpoint,
  type RecordedModelRequest,
  startModelEndpoint,
} from '@pickup/testkit/model';
import Retell from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { waitForOutcome } from './support/outcome.ts';
import { conversation, simulateText } from './support/text-stage.ts';

type Answer = (request: RecordedModelRequest, nth: number) => ModelAnswer;
type Message = { readonly role: string; readonly content?: string; readonly name?: string };

let home: string;
let model: ModelEndpoint;
let server: FakeEndpoint;
let gateway: GatewayProcess;
let answer: Answer;
let served: { status?: number; body: string };
const start = (env: Readonly<Record<string, string>> = {}) =>
  startGateway({
    home,
    env: {
      PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8',
      OPENAI_BASE_URL: model.baseUrl,
      OPENAI_API_KEY: 'sk-test-of-the-models',
      ...env,
    },
  });
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  answer = () => ({ text: 'Yes.' });
  served = { body: '{}' };
  model = await startModelEndpoint({ answer: (request, nth) => answer(request, nth), apiKey: 'sk-test-of-the-models' });
  server = await startFakeEndpoint({ handler: () => served });
  gateway = await start();
});
afterEach(async () => {
  await gateway?.kill9();
  await Promise.all([model.close(), server.close()]);
  rmSync(home, { recursive: true, force: true });
});

async function makeAgent(llm: object, agent: object = {}): Promise<string> {
  const { client } = gateway;
  const { llm_id } = await client.llm.create({ model: 'gpt-4.1', ...llm } as never);
  return (await client.chatAgent.create({ response_engine: { type: 'retell-llm', llm_id }, ...agent })).agent_id;
}
const begin = async (agent_id: string, more: object = {}) =>
  (await gateway.client.chat.create({ agent_id, ...more })).chat_id;
async function write(chat_id: string, content: string): Promise<readonly Message[]> {
  const { messages } = await gateway.client.chat.createChatCompletion({ chat_id, content }, { maxRetries: 0 });
  return messages as readonly Message[];
}
const said = (messages: readonly Message[]) =>
  messages.map(({ role, content, name }) => `${role}: ${content ?? name ?? ''}`);
const wire = (nth: number) => model.requests.at(nth)!;
const system = (nth: number) => String(wire(nth).messages[0]?.content);

test('E9 a prompt with variables, and a talk that a kill -9 between two turns takes nothing from', async () => {
  const agent_id = await makeAgent({
    general_prompt: 'You help {{name}} of {{company}}. It is {{current_time}}. {{unknown}}',
    begin_message: 'Hello {{name}}!',
    model_temperature: 0.4,
    default_dynamic_variables: { company: 'Acme {{name}}' },
  });
  const chat = await gateway.client.chat.create({ agent_id, retell_llm_dynamic_variables: { name: '{{company}}' } });
  expect(chat.message_with_tool_calls).toMatchObject([{ role: 'agent', content: 'Hello {{company}}!' }]);
  expect(model.requests).toHaveLength(0);
  answer = () => ({ text: 'Of course.' });
  expect(said(await write(chat.chat_id, 'Hi, {{name}}'))).toEqual(['agent: Of course.']);
  expect(system(0)).toMatch(/^You help \{\{company\}\} of Acme \{\{name\}\}\. It is \w+day, .* \{\{unknown\}\}/);
  expect(wire(0).body).toMatchObject({ model: 'gpt-4.1', temperature: 0.4, stream: true });
  await gateway.kill9();
  gateway = await start();
  answer = () => ({ text: 'Still here.' });
  expect(said(await write(chat.chat_id, 'And now?'))).toEqual(['agent: Still here.']);
  expect(wire(1).messages.slice(1)).toEqual([
    { role: 'assistant', content: 'Hello {{company}}!' },
    { role: 'user', content: 'Hi, {{name}}' },
    { role: 'assistant', content: 'Of course.' },
    { role: 'user', content: 'And now?' },
  ]);
  const { transcript } = await gateway.client.chat.retrieve(chat.chat_id);
  expect(transcript).toBe(
    'Agent: Hello {{company}}!\nUser: Hi, {{name}}\nAgent: Of course.\nUser: And now?\nAgent: Still here.',
  );
});

test('a custom function: signed, guarded, Retell’s body; its result and variables go on, its call is in the transcript', async () => {
  const find = {
    type: 'custom',
    name: 'find_order',
    description: 'Finds an order of {{name}}',
    url: `${server.url}/orders/{{name}}?a=1`,
    headers: { 'x-shop': 'shop of {{name}}' },
    parameters: { type: 'object', properties: { number: { type: 'string' } }, required: ['number'] },
    response_variables: { status: 'order.status' },
    speak_during_execution: true,
    execution_message_type: 'static_text',
    execution_message_description: 'One moment, {{name}}.',
  };
  const agent_id = await makeAgent({ general_prompt: 'Status {{status}}.', begin_message: '', general_tools: [find] });
  const chat_id = await begin(agent_id, { retell_llm_dynamic_variables: { name: 'Bo/../x' }, metadata: { tier: 1 } });
  served = { body: JSON.stringify({ order: { status: 'sent {{name}}' } }) };
  answer = (_, nth) =>
    nth === 1
      ? { tool_calls: [{ name: 'find_order', arguments: { number: '7' }, id: 'c1' }] }
      : { text: 'It is sent.' };
  expect(said(await write(chat_id, 'Where is 7?'))).toEqual([
    'tool_call_invocation: find_order',
    'agent: One moment, Bo/../x.',
    `tool_call_result: ${served.body}`,
    'agent: It is sent.',
  ]);
  expect(wire(0).tools[0]?.function).toMatchObject({ name: 'find_order', description: 'Finds an order of Bo/../x' });
  const [request] = server.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/orders/Bo%2F..%2Fx?a=1' });
  expect(request?.header('x-shop')).toBe('shop of Bo/../x');
  const body = String(request?.body);
  expect(JSON.parse(body)).toMatchObject({
    name: 'find_order',
    args: { number: '7' },
    chat: { chat_id, agent_id, metadata: { tier: 1 }, transcript: 'User: Where is 7?\nAgent: One moment, Bo/../x.' },
  });
  expect(await Retell.verify(body, API_KEY, request?.header('x-retell-signature') ?? '')).toBe(true);
  expect(wire(1).messages.slice(-2)).toMatchObject([{ role: 'tool', content: served.body }, { role: 'assistant' }]);
  // What the function says is put into the prompt as it is.
  expect(system(1)).toContain('Status sent {{name}}.');
  await gateway.client.chat.end(chat_id);
  expect((await gateway.client.chat.retrieve(chat_id)).collected_dynamic_variables).toEqual({
    status: 'sent {{name}}',
  });
});

test('a function that fails is told to the model, and one at an address that is not allowed is never reached', async () => {
  const custom = { type: 'custom', name: 'look', url: `${server.url}/look` };
  const inside = { type: 'custom', name: 'inside', url: 'http://10.1.2.3/' };
  const agent_id = await makeAgent({ begin_message: '', general_tools: [custom, inside] });
  const chat_id = await begin(agent_id);
  served = { status: 500, body: 'broken' };
  const calls = ['look', 'inside', 'nothing'].map((name) => ({ name, arguments: {} }));
  answer = (_, nth) => (nth === 1 ? { tool_calls: [...calls, { name: 'look', arguments: '[1' }] } : { text: 'Sorry.' });
  expect(said(await write(chat_id, 'Go'))).toEqual([
    'tool_call_invocation: look',
    'tool_call_result: The function failed with status 500. broken',
    'tool_call_invocation: inside',
    expect.stringMatching(/^tool_call_result: The function failed: .*not allowed by the operator/),
    'tool_call_invocation: nothing',
    'tool_call_result: There is no tool nothing.',
    'tool_call_invocation: look',
    'tool_call_result: The arguments are not a JSON object.',
    'agent: Sorry.',
  ]);
  expect(model.faults).toEqual([]);
});

test('states: the model moves, the next state has its own prompt and tools, parameters become variables', async () => {
  const agent_id = await makeAgent({
    general_prompt: 'General.',
    begin_message: '',
    general_tools: [{ type: 'end_call', name: 'end_chat', description: 'Ends it' }],
    starting_state: 'ask',
    states: [
      {
        name: 'ask',
        state_prompt: 'Ask for the name.',
        edges: [
          {
            destination_state_name: 'help',
            description: 'once the name is known',
            parameters: { type: 'object', properties: { name: { type: 'string' } } },
          },
        ],
      },
      {
        name: 'help',
        state_prompt: 'Help {{name}}; before: {{previous_agent_state}}.',
        tools: [
          {
            type: 'extract_dynamic_variable',
            name: 'note',
            description: 'Notes',
            variables: [
              { type: 'number', name: 'age', description: 'Age' },
              { type: 'enum', name: 'kind', description: 'Kind', choices: ['a', 'b'] },
            ],
          },
          {
            type: 'transfer_call',
            name: 'transfer',
            transfer_destination: { type: 'predefined', number: '+12137771234' },
          },
        ],
      },
    ],
  });
  const chat_id = await begin(agent_id);
  answer = ({ tools }, nth) => {
    if (nth === 1) return { tool_calls: [{ name: 'transition_to_help', arguments: { name: 'Bo' } }] };
    if (nth === 2) return { text: 'Hi Bo.', tool_calls: [{ name: 'note', arguments: { age: 7, kind: 'c' } }] };
    return tools.length > 0 && nth === 4
      ? { text: 'Bye.', tool_calls: [{ name: 'end_chat', arguments: '' }] }
      : { text: 'Noted.' };
  };
  const messages = await write(chat_id, 'I am Bo');
  expect(said(messages).filter((line) => !line.startsWith('tool_'))).toEqual([
    'state_transition: ',
    'agent: Hi Bo.',
    'agent: Noted.',
  ]);
  expect(system(0)).toMatch(/General\.[\s\S]*Ask for the name\./);
  expect(wire(0).tools.map((tool) => tool.function.name)).toEqual(['end_chat', 'transition_to_help']);
  expect(system(1)).toContain('Help Bo; before: ask.');
  expect(wire(1).tools.map((tool) => tool.function.name)).toEqual(['end_chat', 'note']);
  expect(said(await write(chat_id, 'Bye')).slice(0, 1)).toEqual(['agent: Bye.']);
  const chat = await gateway.client.chat.retrieve(chat_id);
  expect(chat).toMatchObject({ chat_status: 'ended', collected_dynamic_variables: { name: 'Bo', age: '7' } });
  expect(model.faults).toEqual([]);
});

test('agent_swap: the other agent goes on with what was said, also after a restart', async () => {
  const other = await makeAgent({ general_prompt: 'You are the other one for {{name}}.', model: 'gpt-4.1-mini' });
  const swap = { type: 'agent_swap', name: 'to_other', agent_id: other, post_call_analysis_setting: 'both_agents' };
  const agent_id = await makeAgent({
    general_prompt: 'You are the first.',
    begin_message: 'One.',
    general_tools: [swap],
  });
  const chat_id = await begin(agent_id, { retell_llm_dynamic_variables: { name: 'Bo' } });
  answer = (_, nth) => (nth === 1 ? { tool_calls: [{ name: 'to_other', arguments: {} }] } : { text: 'Two.' });
  expect(said(await write(chat_id, 'Change'))).toEqual([
    'tool_call_invocation: to_other',
    'tool_call_result: Another agent took over.',
    'agent: Two.',
  ]);
  await gateway.kill9();
  gateway = await start();
  await write(chat_id, 'Who are you?');
  expect(system(-1)).toContain('You are the other one for Bo.');
  expect(wire(-1).model).toBe('gpt-4.1-mini');
  expect(wire(-1).messages.map(({ role }) => role)).toEqual([
    ...['system', 'assistant', 'user', 'assistant', 'tool', 'assistant', 'user'],
  ]);
});

test('K4 a model that fails leaves nothing behind: 502 with what is wrong, and the message can be sent again', async () => {
  const chat_id = await begin(await makeAgent({ begin_message: 'Hello.' }));
  answer = () => ({ status: 400, error: { message: 'secret of the provider' } });
  const error = await write(chat_id, 'Hi').catch((caught: unknown) => caught as { status: number; message: string });
  expect(error).toMatchObject({ status: 502 });
  expect(String((error as { message: string }).message)).toMatch(/refused the request \(400\)/);
  expect(String((error as { message: string }).message)).not.toMatch(/secret/);
  expect((await gateway.client.chat.retrieve(chat_id)).transcript).toBe('Agent: Hello.');
  answer = () => ({ text: 'Here.' });
  expect(said(await write(chat_id, 'Hi'))).toEqual(['agent: Here.']);
});

test('T1 a model that only calls tools comes to an end', async () => {
  const extract = { type: 'extract_dynamic_variable', name: 'note', description: 'N', variables: [] };
  const chat_id = await begin(await makeAgent({ begin_message: '', general_tools: [extract] }));
  answer = ({ body }) =>
    body['tool_choice'] === 'none' ? { text: 'Enough.' } : { tool_calls: [{ name: 'note', arguments: {} }] };
  expect(said(await write(chat_id, 'Go')).at(-1)).toBe('agent: Enough.');
  expect(model.requests).toHaveLength(10);
});

test('E10 overrides of a chat are seen on the wire; a strict tool has a strict schema', async () => {
  const extract = {
    ...{ type: 'extract_dynamic_variable', name: 'note', description: 'N' },
    variables: [{ type: 'enum', name: 'kind', description: 'Kind', choices: ['a', 'b'] }],
  };
  const agent_id = await makeAgent({ begin_message: 'Saved.', general_tools: [extract], model_temperature: 0.1 });
  const retell_llm = {
    ...{ model: 'gpt-4.1-nano', model_temperature: 0.9, begin_message: 'Other.', tool_call_strict_mode: true },
    model_high_priority: true,
  };
  const response = await fetch(`${gateway.httpUrl}/create-chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ agent_id, agent_override: { retell_llm } }),
  });
  expect(response.headers.get('x-pickup-warning')).toBeNull();
  const chat = (await response.json()) as { chat_id: string; transcript: string };
  expect(chat.transcript).toBe('Agent: Other.');
  await write(chat.chat_id, 'Hi');
  expect(wire(0).body).toMatchObject({ model: 'gpt-4.1-nano', temperature: 0.9, service_tier: 'priority' });
  expect(wire(0).tools[0]?.function).toMatchObject({ strict: true, parameters: { required: ['kind'] } });
  expect(model.faults).toEqual([]);
});

test('a flow with a model: prompts, judged edges and a function over a kill -9; an override names another model', async () => {
  const { client } = gateway;
  const edge = (id: string, prompt: string, to: string) => ({
    ...{ id, destination_node_id: to },
    transition_condition: { type: 'prompt', prompt },
  });
  const flow = await client.conversationFlow.create({
    ...{ start_speaker: 'agent', model_choice: { type: 'cascading', model: 'gpt-4.1' }, start_node_id: 'ask' },
    global_prompt: 'You serve {{name}}.',
    tools: [
      {
        type: 'custom',
        tool_id: 't1',
        name: 'book',
        url: `${server.url}/book`,
        parameters: { type: 'object', properties: {} },
      },
    ],
    nodes: [
      {
        ...{ id: 'ask', type: 'conversation', instruction: { type: 'prompt', text: 'Ask for the day.' } },
        edges: [edge('known', 'The day is known', 'book')],
      },
      {
        id: 'book',
        type: 'function',
        tool_id: 't1',
        tool_type: 'local',
        wait_for_result: true,
        else_edge: edge('e', 'Else', 'bye'),
      },
      { id: 'bye', type: 'end', instruction: { type: 'static_text', text: 'Booked.' }, speak_during_execution: true },
    ],
  } as never);
  const response_engine = { type: 'conversation-flow', conversation_flow_id: flow.conversation_flow_id } as const;
  const { agent_id } = await client.chatAgent.create({ response_engine });
  let condition = 'none';
  answer = ({ body }) =>
    body['tool_choice']
      ? { tool_calls: [{ name: 'choose_condition', arguments: { condition } }] }
      : { text: 'Which day?' };
  const agent_override = { conversation_flow: { model_choice: { type: 'cascading', model: 'gpt-5-mini' } } };
  const { body: chat } = await gateway.rest('POST', '/create-chat', { agent_id, agent_override });
  expect(chat.transcript).toBe('Agent: Which day?');
  expect(said(await write(chat.chat_id, 'Hm'))).toEqual(['agent: Which day?']);
  await gateway.kill9();
  gateway = await start();
  condition = '1';
  expect(said(await write(chat.chat_id, 'Friday'))).toEqual([
    ...[
      'node_transition: ',
      'tool_call_invocation: book',
      'tool_call_result: {}',
      'node_transition: ',
      'agent: Booked.',
    ],
  ]);
  expect(server.requests).toHaveLength(1);
  expect(new Set(model.requests.map((request) => request.model))).toEqual(new Set(['gpt-5-mini']));
  const { message_with_tool_calls } = await gateway.client.chat.retrieve(chat.chat_id);
  expect(message_with_tool_calls?.filter(({ role }) => role === 'node_transition')).toMatchObject([
    { new_node_id: 'ask', transition_type: 'normal' },
    { former_node_id: 'ask', new_node_id: 'book' },
    { former_node_id: 'book', new_node_id: 'bye' },
  ]);
});

test('knowledge bases: passages on the last message are in the prompt, by the override’s bases too', async () => {
  const { client } = gateway;
  const base = async (text: string) => {
    const knowledge_base_texts = [{ title: 'About', text }];
    return (await client.knowledgeBase.create({ knowledge_base_name: 'kb', knowledge_base_texts } as never))
      .knowledge_base_id;
  };
  const [saved, other] = [
    await base('Opening hours are nine to five.'),
    await base('Opening hours are at night only.'),
  ];
  const agent_id = await makeAgent({ begin_message: '', knowledge_base_ids: [saved] });
  await write(await begin(agent_id), 'What are your opening hours?');
  expect(system(0)).toMatch(/<passage>[\s\S]*nine to five/);
  const agent_override = { retell_llm: { knowledge_base_ids: [other], kb_config: { top_k: 1, filter_score: 0 } } };
  const { body: chat } = await gateway.rest('POST', '/create-chat', { agent_id, agent_override });
  await write(chat.chat_id, 'What are your opening hours?');
  expect(system(1)).toMatch(/at night only/);
  expect(system(1)).not.toMatch(/nine to five/);
});

test('one slow model holds no other chat', async () => {
  const agent_id = await makeAgent({ begin_message: '' });
  const [slow, quick] = [await begin(agent_id), await begin(agent_id)];
  answer = ({ messages }) =>
    messages.at(-1)?.content === 'slow' ? { text: 'Late.', delayMs: 1_500 } : { text: 'Soon.' };
  const order: string[] = [];
  await Promise.all([
    write(slow, 'slow').then(() => order.push('slow')),
    ...Array.from({ length: 5 }, () => write(quick, 'quick').then(() => order.push('quick'))),
  ]);
  expect(order).toEqual([...Array.from({ length: 5 }, () => 'quick'), 'slow']);
});

test('without a key the chat says what to set', async () => {
  await gateway.kill9();
  gateway = await startGateway({ home, env: {} });
  const chat_id = await begin(await makeAgent({ begin_message: 'Hello.' }));
  await expect(write(chat_id, 'Hi')).rejects.toMatchObject({
    status: 422,
    message: expect.stringMatching(/set OPENAI_API_KEY/),
  });
});

test('a chat that is over is analysed, over a kill -9; chat_analyzed tells of it, and rerun analyses anew', async () => {
  const events: { event: string; chat: { chat_analysis?: object } }[] = [];
  const hook = await startFakeEndpoint({
    handler: ({ body }) => {
      events.push(JSON.parse(String(body)));
      return { status: 204 };
    },
  });
  try {
    const agent_id = await makeAgent(
      { begin_message: '' },
      {
        webhook_url: `${hook.url}/events`,
        post_chat_analysis_model: 'gpt-4.1-mini',
        post_chat_analysis_data: [{ type: 'string', name: 'city', description: 'City' }],
      },
    );
    const chat_id = await begin(agent_id);
    await write(chat_id, 'I am in Rome');
    answer = () => ({ status: 500 });
    await gateway.client.chat.end(chat_id);
    await gateway.kill9();
    const record = (chat_summary: string) => ({
      tool_calls: [
        {
          name: 'record_analysis',
          arguments: {
            chat_summary,
            user_sentiment: 'Neutral',
            chat_successful: true,
            custom_analysis_data: { city: 'Rome' },
          },
        },
      ],
    });
    answer = () => record('They are in Rome.');
    gateway = await start();
    await expect
      .poll(() => events.map(({ event }) => event), { timeout: 40_000 })
      .toEqual([...['chat_started', 'chat_ended', 'chat_analyzed']]);
    const chat_analysis = {
      ...{ chat_summary: 'They are in Rome.', user_sentiment: 'Neutral', chat_successful: true },
      custom_analysis_data: { city: 'Rome' },
    };
    expect(events[1]?.chat).not.toHaveProperty('chat_analysis');
    expect(events[2]?.chat).toMatchObject({ chat_analysis });
    expect(wire(-1).model).toBe('gpt-4.1-mini');
    answer = () => record('Rome.');
    expect((await gateway.client.chat.retrieve(chat_id)).chat_analysis).toEqual(chat_analysis);
    const { body: again } = await gateway.rest('PUT', `/rerun-chat-analysis/${chat_id}`);
    expect(again.chat_analysis.chat_summary).toBe('Rome.');
  } finally {
    await hook.close();
  }
}, 90_000);

test('a text is answered by the model that the reply of its webhook names; over a kill -9 it is answered once', async () => {
  const agent_id = await makeAgent({ begin_message: 'Welcome {{name}}.', general_prompt: 'You help {{name}}.' });
  const phone_number = '+14155550123';
  await gateway.client.phoneNumber.import({ phone_number, termination_uri: 'trunk.example.com' });
  await gateway.client.phoneNumber.update(phone_number, { inbound_sms_webhook_url: `${server.url}/texts` } as never);
  const agent_override = {
    agent: { post_call_analysis_model: 'gpt-4.1-mini' },
    retell_llm: { model: 'gpt-4.1-nano', model_temperature: 0.7, begin_message: 'Hi {{name}}!' },
  };
  served = {
    body: JSON.stringify({
      chat_inbound: { override_agent_id: agent_id, dynamic_variables: { name: 'Ann' }, agent_override },
    }),
  };
  // The gateway dies while the model thinks about the first text.
  answer = () => ({ text: 'Late.', delayMs: 60_000 });
  const text = { to: phone_number, from: '+12137771234' };
  const { inbound_id } = await simulateText(gateway, { ...text, text: 'Where is my order?' });
  await expect.poll(() => model.requests.length, { timeout: 15_000 }).toBe(1);
  await gateway.kill9();
  answer = () => ({ text: 'On its way.' });
  gateway = await start();
  const inbound = await waitForOutcome(gateway, inbound_id);
  expect(inbound).toMatchObject({ outcome: 'connected', agent_id, issues: [] });
  expect(await conversation(gateway, inbound_id, 3)).toEqual([
    ...['agent: Hi Ann!', 'user: Where is my order?', 'agent: On its way.'],
  ]);
  expect(wire(-1).body).toMatchObject({ model: 'gpt-4.1-nano', temperature: 0.7 });
  expect(system(-1)).toContain('You help Ann.');
  expect(server.requests).toHaveLength(1);
  await simulateText(gateway, { ...text, text: 'Thanks' });
  expect((await conversation(gateway, inbound_id, 5)).slice(3)).toEqual(['user: Thanks', 'agent: On its way.']);
  expect(wire(-1).messages.at(-1)).toEqual({ role: 'user', content: 'Thanks' });
  await gateway.client.chat.end(inbound.chat_id!);
  await expect.poll(() => wire(-1).model, { timeout: 15_000 }).toBe('gpt-4.1-mini');
}, 90_000);
