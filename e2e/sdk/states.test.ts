/** Responses in states that one call of a method does not see: each is judged by the SDK's types, as in core.test.ts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { mismatches } from './mismatches.ts';
import { readSdkTypes, type SdkSchemas } from './response-schemas.ts';
import type { CoreMethod } from './sdk-methods.ts';
import {
  endedCall,
  makeAgent,
  makeCall,
  makeChat,
  makeChatAgent,
  makeFlow,
  makeKnowledgeBase,
  makeNumber,
  placeCall,
  type SdkStage,
  startSdkStage,
} from './sdk-stage.ts';

let stage: SdkStage;
let sdk: SdkSchemas;
beforeAll(async () => {
  sdk = readSdkTypes('retell-sdk');
  stage = await startSdkStage();
}, 90_000);
afterAll(async () => {
  sdk?.close();
  await stage?.close();
});

/** What came over the wire last fits the method's type. */
function fits(method: CoreMethod): void {
  const { schema, definitions } = sdk.responseOf(method);
  expect(mismatches(schema, stage.exchanges.at(-1)?.body, definitions)).toEqual([]);
}

test('a call that is registered, that goes on, that the caller ended, and all of them listed', async () => {
  const { client } = stage;
  await client.call.retrieve((await makeCall(stage)).call_id);
  fits('call.retrieve');
  const { call, call_id } = await placeCall(stage);
  expect(await client.call.retrieve(call_id)).toMatchObject({ call_status: 'ongoing' });
  fits('call.retrieve');
  await call.hangUp();
  await until('the end', async () => (await client.call.retrieve(call_id)).call_status === 'ended');
  expect(await client.call.retrieve(call_id)).toMatchObject({ disconnection_reason: 'user_hangup' });
  fits('call.retrieve');
  const stopped = await endedCall(stage);
  await client.call.update(stopped.call_id, { data_storage_setting: 'basic_attributes_only' });
  fits('call.update');
  const { items } = await client.call.list({ limit: 1_000, include_total: true });
  expect(items?.length).toBeGreaterThanOrEqual(2);
  fits('call.list');
});

test('a call that the simulator placed', async () => {
  const { client } = stage;
  const { phone_number } = await makeNumber(stage);
  await stage.gateway.rest('POST', '/simulate-inbound-call', { from_number: '+12137771234', to_number: phone_number });
  const call_id = await until('the end', async () => {
    const to_number = { type: 'string', op: 'eq', value: phone_number } as const;
    const { items = [] } = await client.call.list({ filter_criteria: { to_number } });
    return items.find((item) => item.call_status === 'ended')?.call_id;
  });
  await client.call.retrieve(call_id);
  fits('call.retrieve');
});

test('a chat with messages, that is over, and all of them listed', async () => {
  const { client } = stage;
  const { chat_id } = await makeChat(stage);
  expect((await client.chat.retrieve(chat_id)).message_with_tool_calls).toHaveLength(1);
  fits('chat.retrieve');
  await client.chat.createChatCompletion({ chat_id, content: 'What?' });
  fits('chat.createChatCompletion');
  await client.chat.createChatCompletion({ chat_id, content: '1' });
  expect(await client.chat.retrieve(chat_id)).toMatchObject({ chat_status: 'ended' });
  fits('chat.retrieve');
  const other = await makeChat(stage);
  await client.chat.update(other.chat_id, { data_storage_setting: 'basic_attributes_only' });
  fits('chat.update');
  await client.chat.end(other.chat_id);
  await client.chat.list({ limit: 1_000, include_total: true });
  fits('chat.list');
});

test('agents on every engine, with tags and titles, and everything listed', async () => {
  const { client } = stage;
  const { conversation_flow_id } = await makeFlow(stage);
  const voice_id = '11labs-Adrian';
  await client.agent.create({
    voice_id,
    response_engine: { type: 'conversation-flow', conversation_flow_id, version: 0 },
  });
  fits('agent.create');
  const llm_websocket_url = 'wss://llm.example.com/socket';
  await client.agent.create({ voice_id, response_engine: { type: 'custom-llm', llm_websocket_url } });
  fits('agent.create');
  const { agent_id } = await makeAgent(stage);
  await client.agent.publish(agent_id, { version: 0, version_title: 'First', version_description: 'The first.' });
  for (const tag of ['prod', 'empty']) {
    const version = tag === 'prod' ? 0 : null;
    const assigned = await stage.gateway.rest('POST', `/assign-agent-tag/${agent_id}`, { tag, version });
    expect([tag, assigned.status]).toEqual([tag, 200]);
  }
  await client.agent.retrieve(agent_id, { version: 'prod' });
  fits('agent.retrieve');
  await makeChatAgent(stage);
  await client.agent.list({ limit: 1_000 });
  fits('agent.list');
  await client.agent.listVersions(agent_id);
  fits('agent.listVersions');
  await client.llm.list({ limit: 1_000 });
  fits('llm.list');
  await client.conversationFlow.list({ limit: 1_000 });
  fits('conversationFlow.list');
});

test('numbers by tag and by name of a version, bare ones, and all of them listed', async () => {
  const { client } = stage;
  const { agent_id } = await makeAgent(stage);
  await client.agent.publish(agent_id, { version: 0 });
  await stage.gateway.rest('POST', `/assign-agent-tag/${agent_id}`, { tag: 'prod', version: 0 });
  const phone_number = stage.freshNumber();
  await client.phoneNumber.import({ phone_number, termination_uri: 'sip.example.com' });
  fits('phoneNumber.import');
  for (const agent_version of ['prod', 'latest', 'latest_published', 0]) {
    const inbound_agents = [{ agent_id, agent_version, weight: 1 }];
    expect(await client.phoneNumber.update(phone_number, { inbound_agents })).toMatchObject({ inbound_agents });
    fits('phoneNumber.update');
  }
  const unknown = [{ agent_id, agent_version: 'nobody', weight: 1 }];
  await expect(client.phoneNumber.update(phone_number, { outbound_agents: unknown })).rejects.toMatchObject({
    status: 422,
  });
  await client.phoneNumber.update(phone_number, { inbound_agents: null, fallback_number: null, transport: null });
  fits('phoneNumber.update');
  await client.phoneNumber.import({ phone_number: '4242', termination_uri: 'sip.example.com' });
  fits('phoneNumber.import');
  await client.phoneNumber.list({ limit: 1_000 });
  fits('phoneNumber.list');
});

test('a knowledge base while it is made and when it is complete', async () => {
  const { client } = stage;
  const { knowledge_base_id } = await makeKnowledgeBase(stage);
  fits('knowledgeBase.create');
  await until('completion', async () => {
    const { status } = await client.knowledgeBase.retrieve(knowledge_base_id);
    fits('knowledgeBase.retrieve');
    return status === 'complete';
  });
  await client.knowledgeBase.list();
  fits('knowledgeBase.list');
});
