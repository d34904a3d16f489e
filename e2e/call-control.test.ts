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

async function ongoing(after: readonly string[] = []): Promise<string> {
  return until('the ongoing call', async () => {
    const criteria = { call_status: { type: 'enum' as const, op: 'in' as const, value: ['ongoing' as const] } };
    const { items } = await gateway.client.call.list({ filter_criteria: criteria });
    return items?.find(({ call_id }) => !after.includes(call_id))?.call_id;
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

test('stop-call ends a simulated call too, and both of two that stop it at once are told so', async () => {
  const { body } = await gateway.rest('POST', '/simulate-inbound-call', { from_number: '+12137771234', to_number: TO });
  const inbound = await until('the connected inbound', async () => {
    const { body: found } = await gateway.rest('GET', `/get-inbound/${body.inbound_id}`);
    return found.outcome === 'connected' ? found : undefined;
  });
  await Promise.all([gateway.client.call.stop(inbound.call_id), gateway.client.call.stop(inbound.call_id)]);
  expect(await gateway.client.call.retrieve(inbound.call_id)).toMatchObject({ disconnection_reason: 'manual_stopped' });
});
