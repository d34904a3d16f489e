/** Which status the SDK sees: unknown ids, versions counted from 0, keys, and paths as its versions write them. */
import { Retell } from 'retell-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY } from '../support/gateway.ts';
import { makeAgent, makeFlow, makeNumber, type SdkStage, startSdkStage } from './sdk-stage.ts';

let stage: SdkStage;
let client: Retell;
beforeAll(async () => {
  stage = await startSdkStage();
  client = stage.client;
}, 90_000);
afterAll(() => stage?.close());

type Calls = Readonly<Record<string, () => Promise<unknown>>>;

/** Retell answers these with 422 and not with 404, and clients tell them apart by it. */
const UNKNOWN_ASSETS: Calls = {
  'agent.retrieve': () => client.agent.retrieve('agent_none'),
  'agent.update': () => client.agent.update('agent_none', { agent_name: 'A' }),
  'agent.delete': () => client.agent.delete('agent_none'),
  'agent.createVersion': () => client.agent.createVersion('agent_none', { base_version: 0 }),
  'agent.deleteVersion': () => client.agent.deleteVersion('agent_none', { version: 0 }),
  'agent.getVersions': () => client.agent.getVersions('agent_none'),
  'agent.listVersions': () => client.agent.listVersions('agent_none'),
  'agent.publish': () => client.agent.publish('agent_none', { version: 0 }),
  'agent.repair': () => client.agent.repair('agent_none'),
  'chatAgent.retrieve': () => client.chatAgent.retrieve('agent_none'),
  'chatAgent.update': () => client.chatAgent.update('agent_none', { agent_name: 'A' }),
  'chatAgent.delete': () => client.chatAgent.delete('agent_none'),
  'llm.retrieve': () => client.llm.retrieve('llm_none'),
  'llm.update': () => client.llm.update('llm_none', { begin_message: 'A' }),
  'llm.delete': () => client.llm.delete('llm_none', {}),
  'phoneNumber.retrieve': () => client.phoneNumber.retrieve('+14155550199'),
  'phoneNumber.update': () => client.phoneNumber.update('+14155550199', { nickname: 'A' }),
  'phoneNumber.delete': () => client.phoneNumber.delete('+14155550199'),
  'call.retrieve': () => client.call.retrieve('call_none'),
  'call.update': () => client.call.update('call_none', { metadata: {} }),
  'call.delete': () => client.call.delete('call_none'),
  'call.stop': () => client.call.stop('call_none'),
  'call.registerPhoneCall': () => client.call.registerPhoneCall({ agent_id: 'agent_none' }),
  'chat.create': () => client.chat.create({ agent_id: 'agent_none' }),
  'chat.retrieve': () => client.chat.retrieve('chat_none'),
  'chat.update': () => client.chat.update('chat_none', { metadata: {} }),
  'chat.delete': () => client.chat.delete('chat_none'),
  'chat.end': () => client.chat.end('chat_none'),
  'chat.createChatCompletion': () => client.chat.createChatCompletion({ chat_id: 'chat_none', content: 'A' }),
  'chat.rerunAnalysis': () => client.chat.rerunAnalysis('chat_none'),
  'knowledgeBase.retrieve': () => client.knowledgeBase.retrieve('knowledge_base_none'),
  'knowledgeBase.delete': () => client.knowledgeBase.delete('knowledge_base_none'),
  'knowledgeBase.addSources': () =>
    client.knowledgeBase.addSources('knowledge_base_none', { knowledge_base_texts: [{ title: 'A', text: 'B' }] }),
  'knowledgeBase.deleteSource': () =>
    client.knowledgeBase.deleteSource('source_none', { knowledge_base_id: 'knowledge_base_none' }),
  'voice.retrieve': () => client.voice.retrieve('none'),
};

test.each(Object.keys(UNKNOWN_ASSETS))('422 for an unknown id: %s', async (name) => {
  await expect(UNKNOWN_ASSETS[name]!()).rejects.toMatchObject({
    status: 422,
    error: { status: 'error', message: 'Cannot find requested asset under given api key.' },
  });
});

const UNKNOWN_FLOWS: Calls = {
  'conversationFlow.retrieve': () => client.conversationFlow.retrieve('conversation_flow_none'),
  'conversationFlow.update': () => client.conversationFlow.update('conversation_flow_none', { global_prompt: 'A' }),
  'conversationFlow.delete': () => client.conversationFlow.delete('conversation_flow_none', {}),
};

test.each(Object.keys(UNKNOWN_FLOWS))('404 for an unknown flow: %s', async (name) => {
  await expect(UNKNOWN_FLOWS[name]!()).rejects.toMatchObject({ status: 404, error: { status: 'error' } });
});

describe('versions', () => {
  test('404 for a version that a known agent has not, where a version is acted on', async () => {
    const { agent_id } = await makeAgent(stage);
    for (const act of [
      () => client.agent.createVersion(agent_id, { base_version: 7 }),
      () => client.agent.deleteVersion(agent_id, { version: 7 }),
      () => client.agent.publish(agent_id, { version: 7 }),
    ]) {
      await expect(act()).rejects.toMatchObject({ status: 404 });
    }
    await expect(client.agent.retrieve(agent_id, { version: 7 })).rejects.toMatchObject({ status: 422 });
  });

  test('version 0 is version 0, and not the latest', async () => {
    const { agent_id, response_engine } = await makeAgent(stage);
    const llmId = response_engine.type === 'retell-llm' ? response_engine.llm_id : '';
    await client.agent.publish(agent_id, { version: 0 });
    await client.agent.createVersion(agent_id, { base_version: 0 });
    await client.agent.update(agent_id, { agent_name: 'Second' });
    expect(await client.agent.retrieve(agent_id, { version: 0 })).toMatchObject({
      version: 0,
      agent_name: 'Front desk',
    });
    expect(await client.agent.retrieve(agent_id, { version: '0' })).toMatchObject({ version: 0 });
    expect(await client.agent.retrieve(agent_id)).toMatchObject({ version: 1, agent_name: 'Second' });
    expect(await client.agent.retrieve(agent_id, { version: 'latest_published' })).toMatchObject({ version: 0 });
    expect(await client.llm.retrieve(llmId, { version: 0 })).toMatchObject({ version: 0 });
    expect(await client.llm.retrieve(llmId)).toMatchObject({ version: 1 });
    // Version 0 is published: the draft beside it is not changed in its stead.
    await expect(client.agent.update(agent_id, { version: 0, agent_name: 'Third' })).rejects.toMatchObject({
      status: 400,
    });
    await expect(client.llm.update(llmId, { version: 0, begin_message: 'A' })).rejects.toMatchObject({ status: 400 });
    expect(await client.agent.retrieve(agent_id)).toMatchObject({ agent_name: 'Second' });
    const flow = await makeFlow(stage);
    expect(await client.conversationFlow.retrieve(flow.conversation_flow_id, { version: 0 })).toMatchObject({
      version: 0,
    });
    await client.agent.deleteVersion(agent_id, { version: 0 });
    expect((await client.agent.getVersions(agent_id)).map(({ version }) => version)).toEqual([1]);
  });
});

test('a + in a path is a plus, as it is and escaped, for every method', async () => {
  const { phone_number } = await makeNumber(stage);
  const paths = [phone_number, encodeURIComponent(phone_number)];
  expect(paths[1]).toMatch(/^%2B/);
  for (const [at, path] of paths.entries()) {
    expect(await stage.gateway.rest('GET', `/get-phone-number/${path}`)).toMatchObject({ body: { phone_number } });
    const nickname = `Desk ${at}`;
    expect(await stage.gateway.rest('PATCH', `/update-phone-number/${path}`, { nickname })).toMatchObject({
      status: 200,
      body: { nickname },
    });
  }
  expect((await stage.gateway.rest('DELETE', `/delete-phone-number/${paths[1]}`)).status).toBe(204);
});

describe('keys', () => {
  const as = (apiKey: string) => new Retell({ apiKey, baseURL: stage.gateway.httpUrl, maxRetries: 0 });

  test('401 for a wrong key, before anything is said of the body or of the id', async () => {
    const wrong = as(`${API_KEY}x`);
    const error = { status: 'error', message: 'API key is missing or invalid.' };
    await expect(wrong.agent.retrieve('agent_none')).rejects.toMatchObject({ status: 401, error });
    await expect(wrong.agent.create({} as never)).rejects.toMatchObject({ status: 401, error });
    await expect(wrong.phoneNumber.list()).rejects.toMatchObject({ status: 401, error });
  });

  test('403 for a change with a key that only reads', async () => {
    const made = await stage.gateway.rest('POST', '/create-api-key', { name: 'Reader', role: 'read_only' });
    expect(made.status).toBe(201);
    const reader = as(made.body.api_key);
    expect(await reader.phoneNumber.list({ limit: 1 })).toMatchObject({ items: expect.any(Array) });
    await expect(reader.agent.delete('agent_none')).rejects.toMatchObject({ status: 403, error: { status: 'error' } });
    await expect(reader.llm.create({})).rejects.toMatchObject({ status: 403 });
  });
});
