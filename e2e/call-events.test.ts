/** Event webhooks of calls: from a real gateway to a real endpoint, and over its death. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { createPhone, type Phone, type PhoneCall } from '@pickup/testkit/phone';
import Retell from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';
import { until } from './support/until.ts';

const TO = '+12137772001';
const EVENTS = ['call_started', 'call_ended', 'call_analyzed'];

let home: string;
let endpoint: FakeEndpoint;
let gateway: GatewayProcess | undefined;
let status: number;
let phone: Phone;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  status = 204;
  phone = await createPhone();
  endpoint = await startFakeEndpoint({ handler: () => ({ status }) });
});
afterEach(async () => {
  await gateway?.kill9();
  await phone.close();
  await endpoint.close();
  rmSync(home, { recursive: true, force: true });
});

const start = (env: Readonly<Record<string, string>> = {}) =>
  startGateway({
    home,
    env: { PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8', PICKUP_EVENT_WEBHOOK_URL: `${endpoint.url}/all`, ...env },
  });
const told = (path: string) =>
  endpoint.requests
    .filter((request) => request.path === path)
    .map(({ body }) => JSON.parse(String(body)) as { event: string; call: { call_id: string } });

/** A phone that is connected, and the call's id. */
async function connect(running: GatewayProcess): Promise<{ readonly call: PhoneCall; readonly callId: string }> {
  const call = await phone.call({ to: TO, from: '+12137771234', server: running.sip });
  expect((await call.final).code).toBe(200);
  const callId = await until('the stored call', async () => {
    const { items } = await running.client.call.list({ limit: 1 });
    return items.find((item) => item.call_status === 'ongoing')?.call_id;
  });
  return { call, callId };
}

test('a call tells when it starts and ends: signed for the SDK, to the agent’s URL before the one for all', async () => {
  gateway = await start();
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, TO, { inbound_agents: [{ agent_id: agentId, weight: 1 }] });
  const { callId: first } = await connect(gateway);
  await gateway.client.call.stop(first);
  await until('three events', () => told('/all').length === 3);
  expect(told('/all').map(({ event }) => event)).toEqual(EVENTS);
  for (const request of endpoint.requests) {
    const signature = request.header('x-retell-signature') ?? '';
    expect(await Retell.verify(String(request.body), API_KEY, signature)).toBe(true);
  }
  expect(told('/all')[1]).toMatchObject({
    call: { call_id: first, call_status: 'ended', disconnection_reason: 'manual_stopped' },
  });
  const draft = await gateway.client.agent.createVersion(agentId, { base_version: 0 });
  await gateway.client.agent.update(agentId, {
    version: draft.version!,
    webhook_url: `${endpoint.url}/own/{{direction}}`,
    webhook_events: ['call_ended'],
  });
  const { call, callId: second } = await connect(gateway);
  await call.hangUp();
  await until('one event', () => told('/own/inbound').length === 1);
  expect(told('/own/inbound')).toMatchObject([{ event: 'call_ended', call: { call_id: second } }]);
  const listed = await gateway.rest('GET', `/list-call-events/${second}`);
  expect(listed.body.items).toMatchObject([{ event: 'call_ended', status: 'delivered', attempts: [{ status: 204 }] }]);
});

test('case 81 events survive kill -9: those of before and the end of the call that it cut off', async () => {
  gateway = await start();
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, TO, { inbound_agents: [{ agent_id: agentId, weight: 1 }] });
  status = 503;
  const { callId } = await connect(gateway);
  await until('an attempt', () => told('/all').length === 1);
  await gateway.kill9();
  status = 200;
  gateway = await start();
  const delivered = async () => (await gateway!.rest('GET', `/list-call-events/${callId}`)).body.items;
  await until(
    'all are delivered',
    async () => {
      const items = await delivered();
      return items.length === 3 && items.every((one: { status: string }) => one.status === 'delivered');
    },
    15_000,
  );
  expect((await delivered()).map((one: { event: string }) => one.event)).toEqual(EVENTS);
  expect(told('/all').at(-1)?.call).toMatchObject({ call_id: callId, disconnection_reason: 'error_retell' });
});

test('a call that found no slot was never started, but ended', async () => {
  gateway = await start({ PICKUP_CONCURRENCY: '1' });
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, TO, {
    inbound_agents: [{ agent_id: agentId, weight: 1 }],
    ring_budget_ms: 11_000,
  });
  const { call } = await connect(gateway);
  const refused = await phone.call({ to: TO, from: '+12137771234', server: gateway.sip });
  expect((await refused.final).code).toBe(486);
  await until('its events', () => told('/all').length === 3);
  expect(told('/all').map(({ event }) => event)).toEqual(EVENTS);
  expect(told('/all')[1]).toMatchObject({
    call: { call_status: 'error', disconnection_reason: 'concurrency_limit_reached' },
  });
  await call.hangUp();
});
