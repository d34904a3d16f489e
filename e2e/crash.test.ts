/** kill -9 at each named step of a call (reliability case 81, rule H3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundObject } from '@pickup/contract';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { integrityOf } from './support/inspect-store.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';
import { until } from './support/until.ts';

const NUMBER = '+12137772001';
/** Simulated calls at once in a round. */
const CALLS = 25;

let endpoint: FakeEndpoint;
let answer: (nth: number) => EndpointAnswer | Promise<EndpointAnswer> = () => 'hang';
let home = '';
let gateway: GatewayProcess | undefined;
let phone: Phone | undefined;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  endpoint = await startFakeEndpoint({ handler: (_request, nth) => answer(nth) });
  gateway = await startGateway({ home });
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, NUMBER, {
    inbound_webhook_url: endpoint.url,
    inbound_agents: [{ agent_id: agentId, weight: 1 }],
  });
});
afterEach(async () => {
  await gateway?.kill9();
  await phone?.close();
  await endpoint.close();
  rmSync(home, { recursive: true, force: true });
});

const place = (count: number) =>
  Promise.all(Array.from({ length: count }, () => simulateCall(gateway!, { to: NUMBER })));
const record = async (id: string): Promise<InboundObject> => {
  const { status, body } = await gateway!.rest('GET', `/get-inbound/${id}`);
  expect(status).toBe(200);
  return body;
};
/** Requests that carried this inbound. */
const asked = (id: string) => endpoint.requests.filter((request) => request.header('webhook-id') === id).length;

/** Waits until the webhook of all of them was asked, so that each arrival is known to be durable (H2). */
async function allAsked(ids: readonly string[]): Promise<void> {
  await until('every call asks the endpoint', () => ids.every((id) => asked(id) > 0));
}

async function restart(): Promise<void> {
  const port = String(gateway!.sip.port);
  await gateway!.kill9();
  gateway = await startGateway({ home, env: { PICKUP_SIP_PORT: port } });
}

/** Every inbound of the store has its outcome; the database is whole; nothing was asked again. */
async function checkAfterCrash(ids: readonly string[], requestsBefore: number): Promise<readonly InboundObject[]> {
  const records = await Promise.all(ids.map(record));
  for (const inbound of records) {
    expect(inbound.outcome).not.toBeNull();
    expect(inbound.outcome_timestamp).toBeGreaterThanOrEqual(inbound.arrival_timestamp);
  }
  const { body } = await gateway!.rest('POST', '/list-inbounds', { limit: 1_000 });
  expect(body.items.filter(({ outcome }: InboundObject) => outcome === null)).toEqual([]);
  expect(new Set(body.items.map(({ inbound_id }: InboundObject) => inbound_id)).size).toBe(body.items.length);
  expect(integrityOf(home)).toBe('ok');
  expect(endpoint.requests.length).toBe(requestsBefore);
  return records;
}

describe('case 81 kill -9', { timeout: 60_000 }, () => {
  test.each([1, 2])('while the endpoint is asked: interrupted, once (round %i)', async () => {
    answer = () => 'hang';
    const ids = await place(CALLS);
    await allAsked(ids);
    await restart();
    const records = await checkAfterCrash(ids, CALLS);
    expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(['interrupted']));
  });

  test.each([1, 2])('between two attempts: interrupted, and attempt 1 is on record (round %i)', async () => {
    answer = () => ({ status: 500 });
    const ids = await place(CALLS);
    await until('every call waits for its second attempt', async () =>
      (await Promise.all(ids.map(record))).every(({ attempts }) => attempts.length > 0),
    );
    await gateway!.kill9();
    const requests = endpoint.requests.length;
    await restart();
    const records = await checkAfterCrash(ids, requests);
    expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(['interrupted']));
    for (const { attempts } of records)
      expect(new Set(attempts.map(({ attempt }) => attempt)).size).toBe(attempts.length);
  });

  test.each([1, 2, 3])(
    'right after the replies: connected or interrupted, whatever was durable (round %i)',
    async (round) => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      answer = async () => {
        await held;
        return { body: '{}' };
      };
      const ids = await place(CALLS);
      await allAsked(ids);
      release();
      // The replies are on their way: sooner or later within their being applied.
      for (let turns = 0; turns < round * 3; turns++) await new Promise((resolve) => setImmediate(resolve));
      await restart();
      const records = await checkAfterCrash(ids, CALLS);
      for (const { outcome, call_id } of records) {
        expect(['connected', 'interrupted']).toContain(outcome);
        const { status, body } = await gateway!.rest('GET', `/v2/get-call/${call_id}`);
        // A call object exists exactly where the outcome says so (G).
        expect(status).toBe(outcome === 'connected' ? 200 : 422);
        if (outcome === 'connected') expect(['ended', 'error']).toContain(body.call_status);
      }
    },
  );

  test('right after an outcome was shown: it stays what it was', async () => {
    answer = (nth) => (nth % 2 === 0 ? 'hang' : { body: '{"call_inbound":{"metadata":{"kept":true}}}' });
    const ids = await place(CALLS);
    await allAsked(ids);
    const seen = await until('an outcome', async () => {
      const records = await Promise.all(ids.map(record));
      return records.some(({ outcome }) => outcome !== null) && records;
    });
    await restart();
    const after = await checkAfterCrash(ids, CALLS);
    for (const [at, { outcome }] of seen.entries()) {
      if (outcome !== null) expect(after[at]!.outcome).toBe(outcome);
    }
    for (const { outcome, call_id } of after.filter((inbound) => inbound.outcome === 'connected')) {
      expect(outcome).toBe('connected');
      expect(await gateway!.client.call.retrieve(call_id!)).toMatchObject({ metadata: { kept: true } });
    }
  });

  test('during a call over SIP: the phone hears BYE, the call ends error/error_retell, the inbound stays connected', async () => {
    answer = () => ({ body: '{}' });
    phone = await createPhone();
    const call = await phone.call({ to: NUMBER, from: '+12137771234', server: gateway!.sip });
    expect((await call.final).code).toBe(200);
    const { body } = await gateway!.rest('POST', '/list-inbounds', { limit: 1 });
    const inbound = await waitForOutcome(gateway!, body.items[0].inbound_id);
    expect(await gateway!.client.call.retrieve(inbound.call_id!)).toMatchObject({ call_status: 'ongoing' });
    await restart();
    expect(await call.ended).toMatchObject({ by: 'them' });
    expect(await record(inbound.inbound_id)).toMatchObject({ outcome: 'connected' });
    expect(await gateway!.client.call.retrieve(inbound.call_id!)).toMatchObject({
      call_status: 'error',
      disconnection_reason: 'error_retell',
    });
    expect(integrityOf(home)).toBe('ok');
  });

  test('during a ringing over SIP: one 500 for the caller, interrupted', async () => {
    answer = () => 'hang';
    phone = await createPhone();
    const call = await phone.call({ to: NUMBER, from: '+12137771234', server: gateway!.sip });
    await endpoint.received(1);
    const id = endpoint.requests[0]?.header('webhook-id') ?? '';
    await restart();
    expect((await call.final).code).toBe(500);
    expect(await record(id)).toMatchObject({ outcome: 'interrupted' });
  });

  test('calls that come while it recovers are not taken for calls of before', async () => {
    answer = () => 'hang';
    await place(CALLS);
    await endpoint.received(CALLS);
    const httpPort = new URL(gateway!.httpUrl).port;
    const old = gateway!;
    await old.kill9();
    answer = () => ({ body: '{}', delayMs: 300 });
    // Calls hammer the port from before it opens.
    const early: Promise<string>[] = [];
    let starting = true;
    const hammer = (async () => {
      while (starting) {
        const id = await simulateCall(old, { to: NUMBER }).catch(() => undefined);
        if (id !== undefined) early.push(Promise.resolve(id));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    gateway = await startGateway({ home, env: { PICKUP_HTTP_PORT: httpPort } });
    starting = false;
    await hammer;
    const ids = [...(await Promise.all(early)), await simulateCall(gateway, { to: NUMBER })];
    const outcomes = await Promise.all(ids.map(async (id) => (await waitForOutcome(gateway!, id)).outcome));
    expect(outcomes.filter((outcome) => outcome !== 'connected' && outcome !== 'overloaded')).toEqual([]);
  });
});
