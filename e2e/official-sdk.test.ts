/** The product's own measure: the unmodified retell-sdk sets everything up, and verifies the signature in the sample endpoint. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createReceiver } from '../examples/receiver/server.ts';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';

const KNOWN_CALLER = '+12137771234';
const STRANGER = '+14155550100';
const BLOCKED_CALLER = '+12137770000';

let receiver: Server;
let webhookUrl = '';
let gateway: GatewayProcess;
/** What the endpoint verified. */
const verified: { readonly event: Parameters<NonNullable<Options['onRequest']>>[0]; readonly answer: object }[] = [];
type Options = Parameters<typeof createReceiver>[0];

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(async () => {
  receiver = createReceiver({ apiKey: API_KEY, onRequest: (event, answer) => void verified.push({ event, answer }) });
  webhookUrl = await listen(receiver);
  gateway = await startGateway({ samples: { webhookUrl } });
});
afterAll(async () => {
  await gateway?.kill9();
  receiver?.closeAllConnections();
  receiver?.close();
});

/** What a newcomer does with the SDK: an LLM, an agent, a number. */
async function setUp(phoneNumber: string): Promise<{ readonly agentId: string }> {
  const { client } = gateway;
  const llm = await client.llm.create({
    model: 'gpt-4.1',
    start_speaker: 'agent',
    begin_message: 'Hello {{customer_name}}, how can I help?',
  });
  const agent = await client.agent.create({
    agent_name: 'Front desk',
    voice_id: '11labs-Adrian',
    response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
  });
  await client.agent.publish(agent.agent_id, { version: 0 });
  const number = await client.phoneNumber.import({
    phone_number: phoneNumber,
    termination_uri: 'sip.example.com',
    inbound_agents: [{ agent_id: agent.agent_id, agent_version: 0, weight: 1 }],
    inbound_webhook_url: webhookUrl,
  });
  expect(number).toMatchObject({ phone_number: phoneNumber, inbound_webhook_url: webhookUrl });
  return { agentId: agent.agent_id };
}

test('done when: agent and number made with the SDK answer a call, and the sample endpoint verifies the signature', async () => {
  const number = '+12137771301';
  const { agentId } = await setUp(number);
  const before = verified.length;
  const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { from: STRANGER, to: number }));
  expect(inbound.outcome).toBe('connected');
  expect(verified.slice(before).map(({ event }) => event)).toEqual([
    {
      event: 'call_inbound',
      call_inbound: { agent_id: agentId, agent_version: 0, from_number: STRANGER, to_number: number },
    },
  ]);
  const call = await gateway.client.call.retrieve(inbound.call_id!);
  expect(call).toMatchObject({
    call_type: 'phone_call',
    call_id: inbound.call_id,
    agent_id: agentId,
    agent_version: 0,
    agent_name: 'Front desk',
    direction: 'inbound',
    from_number: STRANGER,
    to_number: number,
    retell_llm_dynamic_variables: { customer_name: 'there' },
    call_status: 'ended',
    disconnection_reason: 'user_hangup',
    transcript: 'Agent: Hello there, how can I help?\n',
  });
});

test('E1 the reply names another agent, and the call object has its id, version, variables and metadata', async () => {
  const number = '+12137771302';
  await setUp(number);
  const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { from: KNOWN_CALLER, to: number }));
  const call = await gateway.client.call.retrieve(inbound.call_id!);
  expect(call).toMatchObject({
    agent_id: 'agent_12345',
    agent_version: 1,
    retell_llm_dynamic_variables: { customer_name: 'John Doe' },
    metadata: { customer_id: '12345' },
    transcript: 'Agent: Hi John Doe, thanks for calling.\n',
  });
  const list = await gateway.client.call.list({
    filter_criteria: { call_id: { type: 'string', op: 'eq', value: inbound.call_id! } },
  });
  expect(list.items?.map(({ call_id }) => call_id)).toEqual([inbound.call_id]);
});

test('H1 get-inbound says why, in order', async () => {
  const number = '+12137771303';
  await setUp(number);
  const id = await simulateCall(gateway, { from: KNOWN_CALLER, to: number, headers: { 'X-Desk': '7' } });
  const inbound = await waitForOutcome(gateway, id);
  expect(inbound).toMatchObject({
    inbound_id: id,
    channel: 'call',
    edge: 'simulator',
    from_number: KNOWN_CALLER,
    to_number: number,
    agent_id: 'agent_12345',
    agent_version: 1,
    attempts: [{ attempt: 1, status: 200, verdict: 'accepted' }],
    reply: { call_inbound: { override_agent_id: 'agent_12345', metadata: { customer_id: '12345' } } },
  });
  const story = inbound.decision.join('\n');
  expect(story).toMatch(
    /attempt 1: 200 [\s\S]*agent agent_12345 because override_agent_id[\s\S]*version 1[\s\S]*max_call_duration_ms[\s\S]*connect to agent_12345/,
  );
  expect(await gateway.client.call.retrieve(inbound.call_id!)).toMatchObject({ custom_sip_headers: { 'x-desk': '7' } });
});

test('D8 the endpoint rejects a caller: declined, and no call object exists', async () => {
  const number = '+12137771304';
  await setUp(number);
  const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { from: BLOCKED_CALLER, to: number }));
  expect(inbound.outcome).toBe('declined');
  await expect(gateway.client.call.retrieve(inbound.call_id!)).rejects.toMatchObject({ status: 422 });
});

test('B2 an endpoint with another key refuses every attempt with 401, and the caller gets the number’s agent (E3)', async () => {
  const stranger = createReceiver({ apiKey: `${API_KEY}x` });
  try {
    const number = '+12137771305';
    const { agentId } = await setUp(number);
    const url = await listen(stranger);
    await gateway.client.phoneNumber.update(number, { inbound_webhook_url: url });
    await gateway.rest('PATCH', `/update-phone-number/${number}`, { ring_budget_ms: 2_400 });
    const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { from: KNOWN_CALLER, to: number }));
    expect(inbound).toMatchObject({ outcome: 'connected', agent_id: agentId });
    expect(inbound.attempts.map(({ status }) => status)).toEqual([401, 401]);
  } finally {
    stranger.closeAllConnections();
    stranger.close();
  }
});
