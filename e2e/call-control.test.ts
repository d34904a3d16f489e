/** What the API does to a call that goes on, with a real one. */
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';
import { until } from './support/until.ts';

const TO = '+12137772001';

let gateway: GatewayProcess;
let phone: Phone;
beforeAll(async () => {
  [gateway, phone] = await Promise.all([startGateway(), createPhone()]);
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, TO, { inbound_agents: [{ agent_id: agentId, weight: 1 }] });
});
afterAll(async () => {
  await gateway.kill9();
  await phone.close();
});

async function ongoing(): Promise<string> {
  return until('the ongoing call', async () => {
    const criteria = { call_status: { type: 'enum' as const, op: 'in' as const, value: ['ongoing' as const] } };
    const { items } = await gateway.client.call.list({ filter_criteria: criteria });
    return items?.[0]?.call_id;
  });
}

test('stop-call hangs up; once it has answered the call is over, and may be deleted', async () => {
  const { client } = gateway;
  const call = await phone.call({ to: TO, from: '+12137771234', server: gateway.sip });
  expect((await call.final).code).toBe(200);
  const callId = await ongoing();
  await expect(client.call.delete(callId)).rejects.toMatchObject({ status: 422, message: /ongoing; stop it first/ });
  await client.call.update(callId, { metadata: { note: 'live' }, custom_attributes: { tier: 'gold' } });
  await client.call.stop(callId);
  expect(await client.call.retrieve(callId)).toMatchObject({
    call_status: 'ended',
    disconnection_reason: 'manual_stopped',
    metadata: { note: 'live' },
    custom_attributes: { tier: 'gold' },
    duration_ms: expect.any(Number),
  });
  await call.ended;
  await expect(client.call.stop(callId)).rejects.toMatchObject({ status: 422, message: /not ongoing/ });
  await client.call.delete(callId);
  await expect(client.call.retrieve(callId)).rejects.toMatchObject({ status: 422 });
  await expect(client.call.delete(callId)).rejects.toMatchObject({ status: 422 });
});

test('of two that stop a call at once each hears that it ended, or that it is over', async () => {
  const call = await phone.call({ to: TO, from: '+12137771234', server: gateway.sip });
  expect((await call.final).code).toBe(200);
  const callId = await ongoing();
  const stops = await Promise.allSettled([gateway.client.call.stop(callId), gateway.client.call.stop(callId)]);
  expect(stops.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  for (const stop of stops) if (stop.status === 'rejected') expect(stop.reason).toMatchObject({ status: 422 });
  expect(await gateway.client.call.retrieve(callId)).toMatchObject({ disconnection_reason: 'manual_stopped' });
});
