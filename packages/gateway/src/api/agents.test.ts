import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

test('create, retrieve, update, list and delete through the SDK', async () => {
  const agent = await makeAgent(api.client, { agent_name: 'Anna' });
  expect(agent).toMatchObject({
    version: 0,
    base_version: null,
    is_published: false,
    assigned_tags: [],
    agent_name: 'Anna',
  });
  const changed = await api.client.agent.update(agent.agent_id, { voice_speed: 1.2 });
  expect(changed).toMatchObject({ voice_speed: 1.2, agent_name: 'Anna', version: 0 });
  expect(await api.client.agent.retrieve(agent.agent_id)).toEqual(changed);
  const chat = await api.client.chatAgent.create({ response_engine: agent.response_engine as never });
  expect((await api.client.agent.list()).items).toHaveLength(2);
  const voices = { type: 'string', op: 'eq', value: 'voice' } as const;
  expect(await api.client.agent.list({ filter_criteria: { channel: voices } })).toMatchObject({
    has_more: false,
    items: [{ agent_id: agent.agent_id, agent_name: 'Anna', channel: 'voice', tags: {} }],
  });
  expect((await api.client.agent.list({ filter_criteria: { query: 'ann' }, limit: 1 })).items).toHaveLength(1);
  await expect(api.client.agent.retrieve(chat.agent_id)).rejects.toMatchObject({ status: 422 });
  expect(await api.client.chatAgent.retrieve(chat.agent_id)).toMatchObject({ agent_id: chat.agent_id });
  await api.client.chatAgent.delete(chat.agent_id);
  await api.client.agent.delete(agent.agent_id);
  await expect(api.client.agent.retrieve(agent.agent_id)).rejects.toMatchObject({ status: 422 });
});

test('versions: publish, a new draft, version 0 is not absent, a published one does not change', async () => {
  const { agent_id } = await makeAgent(api.client);
  await api.client.agent.publish(agent_id, { version: 0, version_title: 'First' });
  await api.client.agent.publish(agent_id, { version: 0 });
  await expect(api.client.agent.update(agent_id, { voice_speed: 1 })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining(`make a draft of it with POST /create-agent-version/${agent_id}`),
  });
  const draft = await api.client.agent.createVersion(agent_id, { base_version: 0 });
  expect(draft).toMatchObject({ version: 1, base_version: 0, is_published: false });
  await api.client.agent.update(agent_id, { voice_speed: 1.5 });
  expect(await api.client.agent.retrieve(agent_id, { version: 0 })).toMatchObject({
    version: 0,
    is_published: true,
    version_title: 'First',
  });
  expect(await api.client.agent.retrieve(agent_id)).toMatchObject({ version: 1, voice_speed: 1.5 });
  expect(await api.client.agent.retrieve(agent_id, { version: 'latest_published' })).toMatchObject({ version: 0 });
  await expect(api.client.agent.update(agent_id, { version: 0, voice_speed: 1 })).rejects.toMatchObject({
    status: 400,
  });
  expect((await api.client.agent.listVersions(agent_id)).items.map((row) => row.version)).toEqual([1, 0]);
  expect(await api.client.agent.getVersions(agent_id)).toHaveLength(2);
  await expect(api.client.agent.publish(agent_id, { version: 9 })).rejects.toMatchObject({ status: 404 });
  await expect(api.client.agent.publish('agent_none', { version: 0 })).rejects.toMatchObject({ status: 422 });
});

test('PATCH edits the latest draft even where a later version is published', async () => {
  const { agent_id } = await makeAgent(api.client);
  await api.client.agent.createVersion(agent_id, { base_version: 0 });
  await api.client.agent.publish(agent_id, { version: 1 });
  expect(await api.client.agent.update(agent_id, { voice_speed: 1.1 })).toMatchObject({ version: 0 });
});

test('the old publish route publishes the latest draft and goes on with a new one', async () => {
  const { agent_id } = await makeAgent(api.client);
  const response = await api.request(`/publish-agent/${agent_id}`, { method: 'POST' });
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(await api.client.agent.retrieve(agent_id)).toMatchObject({ version: 1, is_published: false });
});

test('tags point at versions and are listed with their variables', async () => {
  const { agent_id } = await makeAgent(api.client);
  await api.client.agent.createVersion(agent_id, { base_version: 0 });
  const tag = { tag: 'prod', version: 0, dynamic_variables: { shop: 'north' } };
  expect((await api.post(`/assign-agent-tag/${agent_id}`, tag)).status).toBe(200);
  expect(await api.client.agent.retrieve(agent_id, { version: 'prod' })).toMatchObject({
    version: 0,
    assigned_tags: ['prod'],
  });
  expect((await api.client.agent.list()).items[0]?.tags).toEqual({
    prod: { version: 0, dynamic_variables: { shop: 'north' } },
  });
  for (const bad of ['latest', '12', '', 'a b', '__proto__', 'constructor', 'prototype']) {
    expect((await api.post(`/assign-agent-tag/${agent_id}`, { tag: bad, version: 0 })).status).toBe(400);
  }
  expect((await api.post(`/assign-agent-tag/${agent_id}`, { tag: 'prod', version: 9 })).status).toBe(404);
});

test('E5 all faults of form at once are 400; what nobody has heard of is 422', async () => {
  const { agent_id } = await makeAgent(api.client);
  const faults = api.client.agent.update(agent_id, { voice_speed: 9, interruption_sensitivity: -1 });
  await expect(faults).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/voice_speed.*interruption_sensitivity/),
  });
  await expect(api.client.agent.create({} as never)).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/response_engine.*voice_id|voice_id.*response_engine/),
  });
  await expect(api.client.agent.update(agent_id, { voice_id: 'nobody' })).rejects.toMatchObject({ status: 422 });
  const engine = { type: 'retell-llm', llm_id: 'llm_none' } as const;
  await expect(api.client.agent.update(agent_id, { response_engine: engine })).rejects.toMatchObject({ status: 422 });
  await expect(api.client.agent.update(agent_id, { webhook_url: 'http://169.254.1.1/' })).rejects.toMatchObject({
    status: 400,
  });
});

test('an agent that a number uses is not deleted; the failure names the numbers', async () => {
  const { agent_id } = await makeAgent(api.client);
  await api.client.phoneNumber.import({
    phone_number: '+14157774444',
    termination_uri: 'x',
    inbound_agents: [{ agent_id, weight: 1 }],
  });
  await expect(api.client.agent.delete(agent_id)).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('+14157774444'),
  });
});

test('two updates that cross lose nothing', async () => {
  const { agent_id } = await makeAgent(api.client);
  await Promise.all([
    api.client.agent.update(agent_id, { voice_speed: 1.3 }),
    api.client.agent.update(agent_id, { agent_name: 'Both' }),
  ]);
  expect(await api.client.agent.retrieve(agent_id)).toMatchObject({ voice_speed: 1.3, agent_name: 'Both' });
});

test('engines: an unknown LLM is 422, an unknown flow 404, version 0 is a version', async () => {
  const llm = await api.client.llm.create({ model: 'gpt-4.1', begin_message: 'Hi' });
  expect(await api.client.llm.update(llm.llm_id, { begin_message: 'Hello' })).toMatchObject({ begin_message: 'Hello' });
  expect(await api.client.llm.retrieve(llm.llm_id, { version: 0 })).toMatchObject({ model: 'gpt-4.1', version: 0 });
  await expect(api.client.llm.retrieve('llm_none')).rejects.toMatchObject({ status: 422 });
  await expect(api.client.llm.create({ model: 'no-model' as never })).rejects.toMatchObject({ status: 422 });
  await expect(api.client.llm.update(llm.llm_id, { model_temperature: 7 })).rejects.toMatchObject({ status: 400 });
  const flow = await api.client.conversationFlow.create({
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    nodes: [],
    start_speaker: 'agent',
  });
  expect(flow.conversation_flow_id).toMatch(/^conversation_flow_/);
  const changed = await api.client.conversationFlow.update(flow.conversation_flow_id, { start_speaker: 'user' });
  expect(await api.client.conversationFlow.retrieve(flow.conversation_flow_id)).toEqual(changed);
  await expect(api.client.conversationFlow.retrieve('conversation_flow_none')).rejects.toMatchObject({ status: 404 });
});

test('voices come from the catalogue', async () => {
  expect(await api.client.voice.list()).toContainEqual(expect.objectContaining({ voice_id: '11labs-Adrian' }));
  expect(await api.client.voice.retrieve('11labs-Adrian')).toMatchObject({ provider: 'elevenlabs' });
  await expect(api.client.voice.retrieve('nobody')).rejects.toMatchObject({ status: 422 });
});

test('E8 a published agent answers as it did, whatever is done to its LLM afterwards', async () => {
  const agent = await makeAgent(api.client);
  const { llm_id } = agent.response_engine as { llm_id: string };
  await api.client.llm.update(llm_id, { begin_message: 'Good morning' });
  expect((await api.post(`/publish-agent-version/${agent.agent_id}`, { version: 0 })).status).toBe(200);
  const shown = await api.client.agent.retrieve(agent.agent_id, { version: 0 });
  expect(shown.response_engine).toEqual({ type: 'retell-llm', llm_id, version: 0 });
  const remedy = { status: 400, message: expect.stringContaining('/create-agent-version/') };
  await expect(api.client.llm.update(llm_id, { begin_message: 'Good evening' })).rejects.toMatchObject(remedy);
  const draft = await api.client.agent.createVersion(agent.agent_id, { base_version: 0 });
  expect(draft.response_engine).toEqual({ type: 'retell-llm', llm_id, version: 1 });
  const says = async () => {
    const found = await api.store.resolveTarget({ agent_id: agent.agent_id, reference: 0 });
    return found.found && found.target.engine.type === 'retell-llm' && found.target.engine.settings['begin_message'];
  };
  const changed = await api.client.llm.update(llm_id, { begin_message: 'Good evening' });
  expect(changed).toMatchObject({ version: 1, is_published: false, begin_message: 'Good evening' });
  await expect(api.client.llm.update(llm_id, { version: 0, begin_message: 'No' } as never)).rejects.toMatchObject(
    remedy,
  );
  expect(await says()).toBe('Good morning');
});

test('a version is deleted unless something names it or it is the only one', async () => {
  const { agent_id } = await makeAgent(api.client);
  await expect(api.client.agent.deleteVersion(agent_id, { version: 0 })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('the only one'),
  });
  await api.client.agent.createVersion(agent_id, { base_version: 0 });
  await api.post(`/assign-agent-tag/${agent_id}`, { tag: 'prod', version: 0 });
  await expect(api.client.agent.deleteVersion(agent_id, { version: 0 })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('in use by tag prod'),
  });
  await api.client.agent.deleteVersion(agent_id, { version: 1 });
  expect((await api.client.agent.listVersions(agent_id)).items.map((row) => row.version)).toEqual([0]);
  await expect(api.client.agent.deleteVersion(agent_id, { version: 1 })).rejects.toMatchObject({ status: 404 });
  await expect(api.client.agent.deleteVersion(agent_id, {} as never)).rejects.toMatchObject({ status: 400 });
  await expect(api.client.agent.deleteVersion('agent_none', { version: 0 })).rejects.toMatchObject({ status: 422 });
});

test('engines are listed with their latest version, and deleted once nobody uses them or by force', async () => {
  const agent = await makeAgent(api.client);
  const { llm_id } = agent.response_engine as { llm_id: string };
  await api.client.agent.createVersion(agent.agent_id, { base_version: 0 });
  const other = await api.client.llm.create({ model: 'gpt-4.1' });
  const first = await api.client.llm.list({ limit: 1, sort_order: 'ascending' });
  expect(first).toMatchObject({ has_more: true, items: [{ llm_id, version: 1 }] });
  const rest = await api.client.llm.list({ sort_order: 'ascending', pagination_key: first.pagination_key! });
  expect(rest).toMatchObject({ has_more: false, items: [{ llm_id: other.llm_id }] });
  expect(await (await api.request('/list-retell-llms', {})).json()).toHaveLength(2);
  await expect(api.client.llm.delete(llm_id)).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining(agent.agent_id),
  });
  await api.client.llm.delete(other.llm_id);
  await api.client.llm.delete(llm_id, { force_delete: true });
  await expect(api.client.llm.delete(llm_id)).rejects.toMatchObject({ status: 422 });
  await expect(api.client.conversationFlow.delete('conversation_flow_none')).rejects.toMatchObject({ status: 404 });
  expect(await api.client.conversationFlow.list()).toEqual({ items: [], has_more: false });
});

test('a flow whose edges lead nowhere is refused with their places; cut-off nodes are warned of', async () => {
  const says = (id: string, to?: string) => ({
    id,
    type: 'conversation',
    instruction: { type: 'static_text', text: 'Hi' },
    ...(to && {
      skip_response_edge: {
        id: 'e',
        destination_node_id: to,
        transition_condition: { type: 'prompt', prompt: 'Skip' },
      },
    }),
  });
  const flow = (start_node_id: string, nodes: object[]) => ({
    model_choice: { type: 'cascading', model: 'gpt-4.1' },
    start_speaker: 'agent',
    start_node_id,
    nodes,
  });
  const refused = await api.post('/create-conversation-flow', flow('x', [says('a', 'b'), says('a', 'gone')]));
  expect([refused.status, (await refused.json()) as unknown]).toEqual([
    400,
    expect.objectContaining({
      message: expect.stringMatching(/nodes\[1\]\.id is taken.*leads to b.*leads to gone.*start_node_id must be/),
    }),
  ]);
  const made = await api.post('/create-conversation-flow', flow('a', [says('a', 'b'), says('b'), says('cut')]));
  expect([made.status, made.headers.get('x-pickup-warning')]).toEqual([201, expect.stringContaining('to cut')]);
});

test('repair-agent takes out voices and knowledge bases that are gone', async () => {
  const agent = await makeAgent(api.client);
  const { llm_id } = agent.response_engine as { llm_id: string };
  const { agent_id } = agent;
  expect(await api.client.agent.repair(agent_id)).toEqual(await api.client.agent.retrieve(agent_id));
  const row = (await api.store.getAgent(agent_id))!;
  await api.store.updateAgent({
    ...row,
    settings: { ...row.settings, voice_id: 'gone', fallback_voice_ids: ['gone'] },
  });
  const engine = (await api.store.getEngine('retell-llm', llm_id))!;
  await api.store.putKnowledgeBase('kb_there', 'There');
  const settings = { ...engine.settings, knowledge_base_ids: ['kb_gone', 'kb_there'] };
  await api.store.updateEngine({ ...engine, settings });
  expect(await api.client.agent.repair(agent_id, { version: 0 })).toMatchObject({
    voice_id: expect.stringMatching(/^builtin-/),
    fallback_voice_ids: [],
  });
  expect(await api.client.llm.retrieve(llm_id)).toMatchObject({ knowledge_base_ids: ['kb_there'] });
  await api.client.agent.publish(agent_id, { version: 0 });
  await expect(api.client.agent.repair(agent_id)).rejects.toMatchObject({ status: 400 });
});
