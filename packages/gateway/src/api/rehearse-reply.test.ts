import type { InboundObject } from '@pickup/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLlmChatAgent } from '../../test/make-chat-agent.ts';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';

const NUMBER = '+12137771235';
let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

type Checked = Pick<InboundObject, 'outcome' | 'issues' | 'decision' | 'agent_id' | 'agent_version'> & {
  readonly reply: { readonly kind: string };
};

async function check(body: object): Promise<Checked> {
  const response = await api.post('/check-webhook-reply', body);
  expect(response.status).toBe(200);
  return (await response.json()) as Checked;
}

/** A number with these settings, and an agent of its own where one is named. */
async function number(settings: object = {}, agentId?: string) {
  const inbound_agents = agentId === undefined ? null : [{ agent_id: agentId, weight: 1 }];
  const own = { phone_number: NUMBER, phone_number_type: 'custom', last_modification_timestamp: 1 } as const;
  const row = { settings: { ...own, inbound_agents, inbound_webhook_url: 'https://endpoint.example/', ...settings } };
  await api.store.putNumber(row, 'replace');
}
const voice = { voice_id: 'builtin-en-us' };

test('E2 with the number the answer says who takes the call, and why', async () => {
  const { agent_id } = await makeAgent(api.client, voice);
  await number({}, agent_id);
  const reply = { call_inbound: { agent_override: { agent: { voice_speed: 1.1 } } } };
  expect(await check({ reply, to_number: NUMBER })).toMatchObject({
    ...{ outcome: 'connected', agent_id, agent_version: 0, issues: [], reply: { kind: 'overrides' } },
    decision: [
      'attempt 1: 200 in 0 ms, success (D1)',
      `agent ${agent_id} because it is the number's and the reply names none (E2)`,
      'version 0 because latest, a draft',
      'voice_speed 1.1 from agent_override.agent',
      `connect to ${agent_id} version 0 by the built-in runtime`,
    ],
  });
});

test.each([
  [{ call_inbound: {} }, 'declined'],
  [{ call_inbound: { reject: true } }, 'declined'],
  [[], 'webhook_failed'],
])('a number without an agent: %j is %s', async (reply, outcome) => {
  await number();
  expect((await check({ reply, to_number: NUMBER })).outcome).toBe(outcome);
});

test('A5 who may call the number is not looked at, and a number without a webhook is checked all the same', async () => {
  const { agent_id } = await makeAgent(api.client, voice);
  const closed = { blocked_callers: ['anonymous'], allowed_callers: ['+1'], allowed_inbound_country_list: ['AT'] };
  await number({ ...closed, inbound_webhook_url: null }, agent_id);
  expect((await check({ reply: {}, to_number: NUMBER })).outcome).toBe('connected');
});

test('E6 the number’s own settings count: on_invalid_override ignore connects', async () => {
  const { agent_id } = await makeAgent(api.client, voice);
  const reply = { call_inbound: { agent_override: { agent: { voice_speed: 9 } } } };
  await number({}, agent_id);
  expect(await check({ reply, to_number: NUMBER })).toMatchObject({ outcome: 'invalid_override' });
  await number({ on_invalid_override: 'ignore' }, agent_id);
  const lenient = await check({ reply, to_number: NUMBER });
  expect(lenient).toMatchObject({ outcome: 'connected', issues: [{ code: 'out_of_range', severity: 'warning' }] });
});

test('F4 E10 what the session says is part of it', async () => {
  await api.close();
  const issue = { severity: 'warning', effect: 'not_applied', code: 'not_honoured', rule: 'E10', pointer: '' } as const;
  const issues = [{ ...issue, message: 'No.' }];
  let ready = true;
  api = await startTestApi({
    rehearseStart: async () =>
      ready ? { ready, runtime: 'other', issues } : { ready: false, message: 'there is no first line' },
  });
  const { agent_id } = await makeAgent(api.client, voice);
  const first = await check({ reply: {}, agent_id });
  expect(first).toMatchObject({ outcome: 'connected', issues });
  expect(first.decision.at(-1)).toContain('by the other runtime');
  ready = false;
  expect(await check({ reply: {}, agent_id })).toMatchObject({ outcome: 'agent_failed', issues: [] });
});

test('E9 a variable that nobody sets is told, with the one that is near', async () => {
  const llm = await api.client.llm.create({ begin_message: 'Hi {{customer_name}}' });
  const response_engine = { type: 'retell-llm', llm_id: llm.llm_id } as const;
  const { agent_id } = await makeAgent(api.client, { ...voice, response_engine });
  const reply = { call_inbound: { dynamic_variables: { customerName: 'Ann' } } };
  expect((await check({ reply, agent_id })).issues).toMatchObject([
    { code: 'unset_variable', nearest: 'customerName' },
  ]);
});

test('E1 a text is checked against the number’s chat agent', async () => {
  const { agent_id } = await makeLlmChatAgent(api.client);
  await number({ inbound_sms_agents: [{ agent_id, weight: 1 }] });
  const reply = { chat_inbound: { dynamic_variables: { name: 'Ann' } } };
  expect(await check({ reply, to_number: NUMBER, channel: 'sms' })).toMatchObject({ outcome: 'connected', agent_id });
});

test.each([
  [{ to_number: NUMBER, agent_id: 'a' }, 400],
  [{ agent_version: 1 }, 400],
  [{ to_number: '+19990000000' }, 422],
  [{ agent_id: 'agent_none' }, 422],
])('%j names no target', async (target, status) => {
  expect((await api.post('/check-webhook-reply', { reply: {}, ...target })).status).toBe(status);
});
