/** The page this product is written for, read byte for byte: its requests are sent, its reply connects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';

const SEED = readFileSync(join(import.meta.dirname, 'data/seed-inbound-webhook.md'), 'utf8');

/** The text of the page's JSON blocks that hold `mark`. */
function samplesWith(mark: string): readonly string[] {
  return [...SEED.matchAll(/```json[^\n]*\n([\s\S]*?)```/g)].flatMap(([, json = '']) =>
    json.includes(mark) ? [json] : [],
  );
}

const REPLY = samplesWith('override_agent_id')[0] ?? '';
let endpoint: FakeEndpoint;
let gateway: GatewayProcess;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({
    handler: () => ({ headers: { 'content-type': 'application/json' }, body: REPLY }),
  });
  gateway = await startGateway({ samples: { webhookUrl: endpoint.url } });
});
afterAll(async () => {
  await gateway?.kill9();
  await endpoint?.close();
});

test('case 34 the sample reply, byte for byte, connects on the sample data', async () => {
  expect(REPLY).toContain('"begin_message": "Hi {{customer_name}}, thanks for calling."');
  const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { to: '+12137771235' }));
  expect(inbound).toMatchObject({ outcome: 'connected', agent_id: 'agent_12345', agent_version: 1 });
  expect(inbound.issues.filter(({ effect }) => effect === 'refuses' || effect === 'ignored')).toEqual([]);
  expect(inbound.reply).toEqual(JSON.parse(REPLY));
  const call = await gateway.client.call.retrieve(inbound.call_id!);
  expect(call).toMatchObject({
    agent_id: 'agent_12345',
    agent_version: 1,
    retell_llm_dynamic_variables: { customer_name: 'John Doe' },
    metadata: { random_id: '12345' },
    transcript: 'Agent: Hi John Doe, thanks for calling.\n',
  });
});

test('case 34, B1 the request is the sample request, field for field and in its order', async () => {
  const sample = samplesWith('"event": "call_inbound"')[0] ?? '';
  await waitForOutcome(gateway, await simulateCall(gateway, { from: '+12137771234', to: '+12137771235' }));
  const sent = endpoint.requests.at(-1)?.body.toString() ?? '';
  expect(sent).toBe(JSON.stringify(JSON.parse(sample)));
});

test('E4 the saved agent is as it was after an override', async () => {
  const read = () => gateway.client.agent.retrieve('agent_12345', { version: 1 });
  const before = await read();
  await waitForOutcome(gateway, await simulateCall(gateway, { to: '+12137771235' }));
  expect(await read()).toEqual(before);
  expect(before).toMatchObject({ agent_name: 'Sample agent' });
  expect(before).not.toHaveProperty('interruption_sensitivity', 0.8);
});

test('case 34 check-webhook-reply finds no fault in the sample reply', async () => {
  const answer = await gateway.rest('POST', '/check-webhook-reply', {
    reply: JSON.parse(REPLY),
    channel: 'call',
  });
  expect(answer.status).toBe(200);
  expect(JSON.stringify(answer.body)).not.toContain('"severity":"error"');
});
