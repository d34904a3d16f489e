import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';
import type { CallRow } from '../stores/port.ts';

let api: TestApi;
let ended: string[];
beforeEach(async () => {
  ended = [];
  api = await startTestApi({ endCall: (id) => ended.push(id) > 0 && id !== 'call_elsewhere' });
});
afterEach(() => api.close());

function call(over: Partial<CallRow>): CallRow {
  return {
    call_id: 'call_1',
    call_status: 'ended',
    agent_id: 'agent_a',
    agent_version: 1,
    direction: 'inbound',
    from_number: '+12137771234',
    to_number: '+12137771235',
    start_timestamp: 1_000,
    end_timestamp: 4_000,
    transcript: 'Agent: Hello',
    node_id: 'node',
    created_timestamp: 1_000,
    ...over,
  };
}

test('A3 register-phone-call: its own id of at least 128 bits, status registered, five minutes', async () => {
  const agent = await makeAgent(api.client, { agent_name: 'Anna' });
  const made = await api.client.call.registerPhoneCall({
    agent_id: agent.agent_id,
    from_number: '+12137771234',
    metadata: { order: 7 },
    retell_llm_dynamic_variables: { name: 'Bo' },
    agent_override: { agent: { voice_speed: 1.1 } },
  });
  expect(made).toMatchObject({
    call_type: 'phone_call',
    call_status: 'registered',
    direction: 'inbound',
    agent_version: 0,
    agent_name: 'Anna',
    metadata: { order: 7 },
    retell_llm_dynamic_variables: { name: 'Bo' },
  });
  expect(made.call_id).toMatch(/^call_[0-9a-z]{25,}$/);
  expect(made).not.toHaveProperty('registration');
  const row = await api.store.getCall(made.call_id);
  expect(row?.registration).toEqual({
    expires_timestamp: row!.created_timestamp + 300_000,
    agent_override: { agent: { voice_speed: 1.1 } },
  });
  expect(await api.client.call.retrieve(made.call_id)).toEqual(made);
});

test('A3 register-phone-call: unknown agent, version or a chat agent is 422, a bad override 400', async () => {
  const agent = await makeAgent(api.client);
  const chat = await api.client.chatAgent.create({ response_engine: agent.response_engine as never });
  const { agent_id } = agent;
  for (const body of [{ agent_id: 'agent_none' }, { agent_id, agent_version: 5 }, { agent_id: chat.agent_id }]) {
    await expect(api.client.call.registerPhoneCall(body)).rejects.toMatchObject({ status: 422 });
  }
  const wrong = { agent: { voice_speed: 9, interruption_sensitivity: -1 } };
  await expect(api.client.call.registerPhoneCall({ agent_id, agent_override: wrong })).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/voice_speed.*interruption_sensitivity/),
  });
  // Only together with the saved voice is this one wrong: a fallback voice of the same provider.
  const across = { agent: { fallback_voice_ids: ['11labs-Anna'] } };
  await expect(api.client.call.registerPhoneCall({ agent_id, agent_override: across })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('fallback_voice_ids'),
  });
});

test('a call that goes on shows what was said so far, unless its storage setting forbids it', async () => {
  const spoken = { transcript: 'Agent: Hello\n', transcript_object: [{ role: 'agent', content: 'Hello', words: [] }] };
  const live = await startTestApi({ store: api.store, liveCall: () => spoken });
  try {
    const { transcript: _none, ...silent } = call({ call_status: 'ongoing' });
    await api.store.registerCall({ ...silent, call_id: 'call_on' });
    await api.store.registerCall({ ...silent, call_id: 'call_basic', data_storage_setting: 'basic_attributes_only' });
    await api.store.registerCall(call({ call_id: 'call_over' }));
    expect(await live.client.call.retrieve('call_on')).toMatchObject({ call_status: 'ongoing', ...spoken });
    expect(await live.client.call.retrieve('call_basic')).not.toHaveProperty('transcript');
    expect(await live.client.call.retrieve('call_over')).toMatchObject({ transcript: 'Agent: Hello' });
  } finally {
    await live.close();
  }
});

test('lists: filters, order, pages, totals, no transcripts', async () => {
  for (const n of [1, 2, 3]) {
    await api.store.registerCall(
      call({ call_id: `call_${n}`, created_timestamp: n, agent_version: n, metadata: { n: `${n}` } }),
    );
  }
  const ids = async (body: Parameters<typeof api.client.call.list>[0]) =>
    (await api.client.call.list(body)).items.map((item) => item.call_id);
  expect(await ids({})).toEqual(['call_3', 'call_2', 'call_1']);
  expect(await ids({ sort_order: 'ascending', skip: 1 })).toEqual(['call_2', 'call_3']);
  expect(await ids({ filter_criteria: { agent: [{ agent_id: 'agent_a', version: [2] }] } })).toEqual(['call_2']);
  expect(await ids({ filter_criteria: { agent: [{ agent_id: 'agent_b' }] } })).toEqual([]);
  expect(await ids({ filter_criteria: { metadata: [{ type: 'string', op: 'eq', key: 'n', value: '3' }] } })).toEqual([
    'call_3',
  ]);
  expect(await ids({ filter_criteria: { call_type: { type: 'enum', op: 'in', value: ['web_call'] } } })).toEqual([]);
  expect(await ids({ filter_criteria: { call_status: { type: 'enum', op: 'in', value: ['error'] } } })).toEqual([]);
  const page = await api.client.call.list({ limit: 2, include_total: true });
  expect(page).toMatchObject({ has_more: true, total: 3 });
  expect(page.items[0]).toMatchObject({ duration_ms: 3_000 });
  expect(page.items[0]).not.toHaveProperty('transcript');
  expect(page.items[0]).not.toHaveProperty('node_id');
  expect(await ids({ limit: 2, pagination_key: page.pagination_key! })).toEqual(['call_1']);
});

test('a call that is over shows what was said in every form it is known in; a list in none', async () => {
  const said = [{ role: 'agent', content: 'Hello', words: [] }];
  await api.store.registerCall(call({ transcript_object: said }));
  const { end_timestamp: _none, ...ongoing } = call({ call_id: 'call_2', transcript_object: said });
  await api.store.registerCall({ ...ongoing, call_status: 'ongoing' });
  expect(await api.client.call.retrieve('call_1')).toMatchObject({
    transcript: 'Agent: Hello',
    transcript_object: said,
    transcript_with_tool_calls: said,
  });
  expect(await api.client.call.retrieve('call_2')).not.toHaveProperty('transcript_with_tool_calls');
  for (const item of (await api.client.call.list({})).items ?? []) {
    expect(Object.keys(item).filter((name) => name.startsWith('transcript'))).toEqual([]);
  }
});

test('update: metadata, storage only tightens and empties what was kept, nothing else is taken', async () => {
  await api.store.registerCall(call({ metadata: { a: 1 } }));
  expect(await api.client.call.update('call_1', { metadata: { b: 2 } })).toMatchObject({ metadata: { b: 2 } });
  const tight = await api.client.call.update('call_1', { data_storage_setting: 'basic_attributes_only' });
  expect(tight).toMatchObject({ data_storage_setting: 'basic_attributes_only', transcript: '' });
  expect(tight).not.toHaveProperty('metadata');
  expect(await api.store.getCall('call_1')).toMatchObject({ metadata: {}, transcript: '' });
  for (const kept of [{ metadata: { b: 2 } }, { custom_attributes: { tier: 'gold' } }]) {
    await expect(api.client.call.update('call_1', kept)).rejects.toMatchObject({ status: 400 });
  }
  const loosened = api.client.call.update('call_1', { data_storage_setting: 'everything' });
  await expect(loosened).rejects.toMatchObject({ status: 400 });
  const strange = api.client.call.update('call_1', { colour: 'red' } as never);
  await expect(strange).rejects.toMatchObject({ status: 400, message: expect.stringContaining('colour') });
  const large = api.client.call.update('call_1', { metadata: { text: 'x'.repeat(51_000) } });
  await expect(large).rejects.toMatchObject({ status: 400 });
  await expect(api.client.call.update('call_none', {})).rejects.toMatchObject({ status: 422 });
});

test('custom attributes are kept, shown, replaced as a whole and dropped by the tightest storage setting', async () => {
  await api.store.registerCall(call({}));
  const attributes = { tier: 'gold', seats: 3, vip: true };
  expect(await api.client.call.update('call_1', { custom_attributes: attributes })).toMatchObject({
    custom_attributes: attributes,
  });
  expect(await api.client.call.retrieve('call_1')).toMatchObject({ custom_attributes: attributes });
  expect(await api.client.call.update('call_1', { custom_attributes: { tier: 'tin' } })).toMatchObject({
    custom_attributes: { tier: 'tin' },
  });
  const large = api.client.call.update('call_1', { custom_attributes: { text: 'x'.repeat(51_000) } });
  await expect(large).rejects.toMatchObject({ status: 400, message: expect.stringContaining('50000 bytes') });
  const tight = await api.client.call.update('call_1', { data_storage_setting: 'basic_attributes_only' });
  expect(tight).not.toHaveProperty('custom_attributes');
});

test('updates that cross lose no field, and the last of one field wins as a whole', async () => {
  await api.store.registerCall(call({}));
  const tries = Array.from({ length: 20 }, (_, n) =>
    n % 2 === 0
      ? api.client.call.update('call_1', { metadata: { n, [`only_${n}`]: n } })
      : api.client.call.update('call_1', { custom_attributes: { n } }),
  );
  await Promise.all(tries);
  const after = (await api.client.call.retrieve('call_1')) as { metadata?: { n: number }; custom_attributes?: object };
  const { n } = after.metadata!;
  expect(after.metadata).toEqual({ n, [`only_${n}`]: n });
  expect(after.custom_attributes).toEqual({ n: expect.any(Number) });
});

test('stop and delete', async () => {
  await api.store.registerCall(call({ call_id: 'call_1', call_status: 'ongoing' }));
  await api.store.registerCall(call({ call_id: 'call_elsewhere', call_status: 'ongoing' }));
  await api.client.call.stop('call_1');
  expect(ended).toEqual(['call_1']);
  await expect(api.client.call.stop('call_elsewhere')).rejects.toMatchObject({ status: 422 });
  await expect(api.client.call.stop('call_none')).rejects.toMatchObject({ status: 422 });
  await expect(api.client.call.delete('call_1')).rejects.toMatchObject({ status: 422 });
  await api.store.updateCall('call_1', { call_status: 'ended' });
  await api.client.call.delete('call_1');
  await expect(api.client.call.retrieve('call_1')).rejects.toMatchObject({ status: 422 });
});

test('concurrency: the limit is left out where there is none', async () => {
  expect(await api.client.concurrency.retrieve()).toMatchObject({ current_concurrency: 2, concurrency_limit: 20 });
  const free = await startTestApi({ concurrency: () => ({ current: 1, limit: 0 }) });
  try {
    expect(await free.client.concurrency.retrieve()).not.toHaveProperty('concurrency_limit');
  } finally {
    await free.close();
  }
});
