import type { InboundObject } from '@pickup/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';

let api: TestApi;
const live = new Map<string, InboundObject>();
const simulated: unknown[] = [];
beforeEach(async () => {
  live.clear();
  simulated.length = 0;
  api = await startTestApi({
    liveInbound: (id) => live.get(id),
    simulateCall: async (call) => {
      simulated.push(call);
      return { inbound_id: 'inb_simulated' };
    },
  });
});
afterEach(() => api.close());

async function arrive(inbound_id: string, to_number = '+12137771235') {
  await api.store.openInbound({
    inbound_id,
    channel: 'call',
    edge: 'simulator',
    from_number: '+12137771234',
    to_number,
    arrival_timestamp: 5,
    session_id: `call_of_${inbound_id}`,
    settings: {},
    node_id: 'node',
    lease_until: 100,
  });
}

const read = async (id: string) => (await (await api.request(`/get-inbound/${id}`)).json()) as InboundObject;

test('H1 the record of an inbound: live while it waits, stored once it has its outcome', async () => {
  await arrive('inb_1');
  expect(await read('inb_1')).toMatchObject({ inbound_id: 'inb_1', outcome: null, attempts: [] });
  const attempts = [
    { attempt: 1, start_timestamp: 6, end_timestamp: 7, phases: { total_ms: 1 }, verdict: 'failed' },
  ] as const;
  live.set('inb_1', { ...(await api.store.getInbound('inb_1'))!, attempts });
  expect((await read('inb_1')).attempts).toHaveLength(1);
  await api.store.settleInbound({ inbound_id: 'inb_1', outcome: 'declined', outcome_timestamp: 9 });
  expect(await read('inb_1')).toMatchObject({ outcome: 'declined' });
  expect((await api.request('/get-inbound/inb_none')).status).toBe(422);
});

test('records are listed by filter and page', async () => {
  await arrive('inb_1');
  await arrive('inb_2', '+19999999999');
  const list = async (body: unknown) => (await (await api.post('/list-inbounds', body)).json()) as never;
  const to_number = { type: 'string', op: 'eq', value: '+19999999999' };
  expect(await list({ filter_criteria: { to_number } })).toMatchObject({
    has_more: false,
    items: [{ inbound_id: 'inb_2' }],
  });
  const first = (await list({ limit: 1 })) as { readonly pagination_key: string };
  expect(first).toMatchObject({ has_more: true, items: [{ inbound_id: 'inb_2' }] });
  expect(await list({ limit: 1, pagination_key: first.pagination_key })).toMatchObject({
    items: [{ inbound_id: 'inb_1' }],
  });
  const mistyped = await api.post('/list-inbounds', { filter_criteria: { outcom: to_number } });
  expect([mistyped.status, await mistyped.json()]).toMatchObject([
    400,
    { message: expect.stringContaining('filter_criteria.outcom is not a known field. Did you mean outcome?') },
  ]);
});

test('a simulated call needs two numbers', async () => {
  const body = { from_number: '+12137771234', to_number: '+12137771235', headers: { 'X-Shop': 'north' } };
  const made = await api.post('/simulate-inbound-call', body);
  expect([made.status, await made.json()]).toEqual([201, { inbound_id: 'inb_simulated' }]);
  expect(simulated).toEqual([body]);
  expect((await api.post('/simulate-inbound-call', { from_number: '+1' })).status).toBe(400);
  expect(simulated).toHaveLength(1);
});

test('E5 a reply is judged as it would be in a call, and against the agent it leads to', async () => {
  const { agent_id } = await makeAgent(api.client);
  const judge = async (body: unknown) => {
    const response = await api.post('/check-webhook-reply', body);
    return { ...((await response.json()) as { issues: { code: string; pointer: string }[] }), status: response.status };
  };
  expect(await judge({ reply: {} })).toMatchObject({ status: 200, issues: [] });
  const speed = { call_inbound: { override_agent_id: agent_id, agent_override: { agent: { voice_speed: 9 } } } };
  expect((await judge({ reply: speed })).issues).toContainEqual(
    expect.objectContaining({ severity: 'error', pointer: '/call_inbound/agent_override/agent/voice_speed' }),
  );
  const across = { call_inbound: { agent_override: { agent: { fallback_voice_ids: ['11labs-Anna'] } } } };
  expect((await judge({ reply: across, agent_id })).issues.map((issue) => issue.code)).toContain(
    'fallback_voice_provider',
  );
  expect((await judge({})).status).toBe(400);
  expect((await judge({ reply: {}, agent_id: 'agent_none' })).status).toBe(422);
  const unknown = { call_inbound: { override_agent_id: 'agent_none' } };
  expect(await judge({ reply: unknown, agent_id })).toMatchObject({
    status: 200,
    outcome: 'unknown_agent',
    issues: [{ code: 'unknown_agent', pointer: '/call_inbound/override_agent_id' }],
    decision: expect.arrayContaining([expect.stringContaining('→ unknown_agent, SIP 603')]),
  });
  const text = { chat_inbound: { override_agent_id: agent_id } };
  expect((await judge({ reply: text, channel: 'sms', agent_id })).issues.map((issue) => issue.code)).toEqual([
    'wrong_channel',
  ]);
});

test('D1 D2 D3 D9 the bytes of a reply are judged as those an endpoint sends', async () => {
  const check = async (bytes: string | Uint8Array, extra: object = {}) => {
    const reply_base64 = Buffer.from(bytes).toString('base64');
    const response = await api.post('/check-webhook-reply', { reply_base64, ...extra });
    expect(response.status).toBe(200);
    const { reply, issues } = (await response.json()) as {
      reply: { kind: string };
      issues: { severity: string; code: string }[];
    };
    return [reply.kind, ...issues.map(({ severity, code }) => `${severity} ${code}`)];
  };
  const atCap = `{}${' '.repeat(256 * 1024 - 2)}`;
  expect(await check('')).toEqual(['none']);
  expect(await check(' \n')).toEqual(['none']);
  expect(await check('{"call_inbound":{"metadata":{"a":1}}}')).toEqual(['overrides']);
  expect(await check(atCap)).toEqual(['none']);
  expect(await check(`${atCap} `)).toEqual(['bad', 'error reply_too_large']);
  expect(await check('{')).toEqual(['bad', 'error not_json']);
  expect(await check('[]')).toEqual(['bad', 'error wrong_type']);
  expect(await check(new Uint8Array([0x22, 0xff, 0x22]))).toEqual(['bad', 'error not_utf8']);
  expect(await check('\ufeff{}')).toEqual(['bad', 'error not_utf8']);
  expect(await check('{"a":"\\ud800"}')).toEqual(['bad', 'error lone_surrogate']);
  expect(await check('['.repeat(33) + ']'.repeat(33))).toEqual(['bad', 'error too_deep']);
  const [kind, ...found] = await check('{"call_inbound":{"dynamic_variables":{"__proto__":"x"}}}');
  expect(kind).toBe('overrides');
  expect(found).toEqual([expect.stringMatching(/^warning /)]);
  const { agent_id } = await makeAgent(api.client, { voice_id: 'builtin-en-us' });
  expect(await check('{', { agent_id })).toEqual(['bad', 'error not_json']);
  expect(await check('{"chat_inbound":"x"}', { channel: 'sms' })).toEqual(['bad', 'error wrong_type']);
});

test.each([
  [{ reply: {}, reply_base64: 'e30=' }, 'exclude each other'],
  [{ reply_base64: 'e30' }, 'must be base64'],
  [{ reply_base64: '?' }, 'must be base64'],
  [{ reply_base64: null }, 'must be base64'],
  [{ reply_base64: 'e30=', channel: 'fax' }, 'channel'],
  [{}, 'reply is required'],
])('%j is no reply to check', async (body, said) => {
  const response = await api.post('/check-webhook-reply', body);
  expect(response.status).toBe(400);
  expect(((await response.json()) as { message: string }).message).toContain(said);
});

test('E5 E6 the check looks up what the reply names: knowledge bases, engine, version', async () => {
  const { agent_id } = await makeAgent(api.client, { voice_id: 'builtin-en-us' });
  const other = await api.client.llm.create({ begin_message: 'Other' });
  await api.store.putKnowledgeBase('kb_abc123', 'Prices');
  const check = async (call_inbound: object) => {
    const response = await api.post('/check-webhook-reply', { reply: { call_inbound }, agent_id });
    const { issues } = (await response.json()) as { issues: { code: string; pointer: string }[] };
    return issues.map(({ code, pointer }) => `${code} ${pointer.replace('/call_inbound/', '')}`);
  };
  const bases = (id: string) => ({ agent_override: { retell_llm: { knowledge_base_ids: [id] } } });
  expect(await check(bases('kb_abc123'))).toEqual([]);
  expect(await check(bases('kb_gone'))).toEqual([
    'unknown_knowledge_base agent_override/retell_llm/knowledge_base_ids/0',
  ]);
  const engine = (llm_id: string) => ({
    agent_override: { agent: { response_engine: { type: 'retell-llm', llm_id } } },
  });
  expect(await check(engine(other.llm_id))).toEqual([]);
  expect(await check(engine('llm_gone'))).toEqual(['unknown_engine agent_override/agent/response_engine']);
  expect(await check({ override_agent_version: 9 })).toEqual(['unknown_version override_agent_version']);
  expect(await check({ override_agent_id: 'agent_gone' })).toEqual(['unknown_agent override_agent_id']);
});
