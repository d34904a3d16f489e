/** SIGTERM while calls ring (reliability case 84, rule H5). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { createPhone } from '@pickup/testkit/phone';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answers, type GatewayProcess, startGateway } from './support/gateway.ts';
import { integrityOf } from './support/inspect-store.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';
import { until } from './support/until.ts';

const NUMBER = '+12137772001';
const CALLS = 200;

let home = '';
let endpoint: FakeEndpoint;
let gateway: GatewayProcess;
/** The endpoint answers from now on, also what it was asked before. */
let release = () => {};

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handler = async (): Promise<EndpointAnswer> => {
    await released;
    return { body: '{}' };
  };
  endpoint = await startFakeEndpoint({ handler });
  gateway = await startGateway({ home });
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, NUMBER, {
    inbound_webhook_url: endpoint.url,
    inbound_agents: [{ agent_id: agentId, weight: 1 }],
  });
});
afterEach(async () => {
  release();
  await gateway.kill9();
  await endpoint.close();
  rmSync(home, { recursive: true, force: true });
});

async function ring(): Promise<readonly string[]> {
  const ids = await Promise.all(Array.from({ length: CALLS }, () => simulateCall(gateway, { to: NUMBER })));
  await until('every call rings at the endpoint', () => endpoint.requests.length >= CALLS);
  return ids;
}

/** What became of them, as a new process on the same folder tells it. */
async function outcomes(ids: readonly string[]): Promise<readonly (string | null)[]> {
  gateway = await startGateway({ home });
  expect(gateway.logged('recovered')).toEqual([]);
  const records = await Promise.all(ids.map((id) => waitForOutcome(gateway, id)));
  expect(integrityOf(home)).toBe('ok');
  return records.map(({ outcome }) => outcome);
}

test('case 84 SIGTERM with 200 ringing: drained, none dropped, exit 0', async () => {
  const phone = await createPhone();
  try {
    const ids = await ring();
    gateway.signal('SIGTERM');
    await answers(gateway, '/ready', 503);
    // New calls are turned away at both edges; who rings goes on ringing.
    const late = await waitForOutcome(gateway, await simulateCall(gateway, { to: NUMBER }));
    expect(late.outcome).toBe('overloaded');
    const refused = await phone.call({ to: NUMBER, from: '+12137771234', server: gateway.sip });
    expect((await refused.final).code).toBe(503);
    expect((await gateway.rest('GET', `/get-inbound/${ids[0]}`)).body.outcome).toBeNull();
    release();
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(new Set(await outcomes(ids))).toEqual(new Set(['connected']));
  } finally {
    await phone.close();
  }
});

test('case 84, H5 a second SIGTERM ends it at once: who rings is interrupted, exit 0', async () => {
  const ids = await ring();
  gateway.signal('SIGTERM');
  await until('it says that it is stopping', () => gateway.stderr().includes('stopping'));
  const asked = performance.now();
  gateway.signal('SIGTERM');
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
  // Far below the 45 s that they may ring, and the 10 s of an attempt.
  expect(performance.now() - asked).toBeLessThan(8_000);
  expect(new Set(await outcomes(ids))).toEqual(new Set(['interrupted']));
});

test('H5 a connected call has the drain time, then BYE: ended, manual_stopped', async () => {
  const phone = await createPhone();
  try {
    release();
    await gateway.stop();
    gateway = await startGateway({ home, env: { PICKUP_DRAIN_SECONDS: '1' } });
    const call = await phone.call({ to: NUMBER, from: '+12137771234', server: gateway.sip });
    expect((await call.final).code).toBe(200);
    const { body } = await gateway.rest('POST', '/list-inbounds', { limit: 1 });
    const { call_id } = await waitForOutcome(gateway, body.items[0].inbound_id);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(await call.ended).toEqual({ by: 'them' });
    gateway = await startGateway({ home });
    expect(await gateway.client.call.retrieve(call_id!)).toMatchObject({
      call_status: 'ended',
      disconnection_reason: 'manual_stopped',
    });
  } finally {
    await phone.close();
  }
});
