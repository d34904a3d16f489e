/** kill -9 at each named step of a text, and at random: each is answered once, in order (case 81, C8, F2, H3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InboundObject } from '@pickup/contract';
import { type EndpointAnswer, type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { freePort } from '@pickup/testkit/free-port';
import { type FakeTwilio, startFakeTwilio } from '@pickup/testkit/twilio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { integrityOf } from './support/inspect-store.ts';
import { importNumber } from './support/stage.ts';
import { createEchoAgent } from './support/text-stage.ts';
import { until } from './support/until.ts';

const OURS = '+12137772001';
const GREETING = 'Hello {{customer_name}}, your number?';
const customer = (nth: number) => `+1415555${String(1_000 + nth)}`;

let endpoint: FakeEndpoint;
let answer: (nth: number) => EndpointAnswer | Promise<EndpointAnswer>;
let twilio: FakeTwilio;
let home: string;
let port: number;
let gateway: GatewayProcess;

const start = () =>
  startGateway({
    home,
    env: {
      PICKUP_HTTP_PORT: String(port),
      PICKUP_PUBLIC_URL: `http://127.0.0.1:${port}`,
      PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8',
      PICKUP_TWILIO_ACCOUNT_SID: twilio.account.accountSid,
      PICKUP_TWILIO_AUTH_TOKEN: twilio.account.authToken,
      PICKUP_TWILIO_API_URL: twilio.url,
    },
  });

beforeEach(async () => {
  answer = () => ({ body: '{}' });
  endpoint = await startFakeEndpoint({ handler: (_request, nth) => answer(nth) });
  twilio = await startFakeTwilio();
  home = mkdtempSync(join(tmpdir(), 'pickup-texts-'));
  port = await freePort();
  gateway = await start();
  await importNumber(gateway, OURS, {
    inbound_webhook_url: endpoint.url,
    inbound_sms_agents: [{ agent_id: await createEchoAgent(gateway), weight: 1 }],
  });
});
afterEach(async () => {
  await gateway?.kill9();
  await Promise.all([endpoint.close(), twilio.close()]);
  rmSync(home, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await gateway.kill9();
  gateway = await start();
}

/** As a provider does: the same message again until it is acknowledged. Says how often it was sent. */
async function deliver(body: string, from: string): Promise<number> {
  const sid = `SM${crypto.randomUUID().replaceAll('-', '')}`;
  for (let tries = 1; ; tries++) {
    const { delivered } = await twilio.receive(
      { from, to: OURS, body, sid },
      { url: `http://127.0.0.1:${port}/twilio/sms` },
    );
    if (delivered) return tries;
    await sleep(100);
  }
}

const heard = (from: string) => twilio.sent.filter(({ to }) => to === from).map(({ body }) => body);
async function hears(from: string, expected: readonly string[]): Promise<void> {
  await until(`${from} hears ${expected.length}`, () => heard(from).length >= expected.length, 45_000).catch(() => {});
  expect(heard(from)).toEqual(expected);
}
const records = async () =>
  (await gateway.rest('POST', '/list-inbounds', { limit: 1_000 })).body.items as readonly InboundObject[];
/** `x-pickup-attempt` of each request. */
const attempts = () => endpoint.requests.map((request) => Number(request.header('x-pickup-attempt')));

describe('case 81 kill -9 in the life of a text', { timeout: 120_000 }, () => {
  test('C8 while the endpoint is asked: the next attempt has the next number, and the one that was lost is on record', async () => {
    answer = (nth) => (nth === 1 ? 'hang' : { body: '{}' });
    await deliver('Hi', customer(1));
    await endpoint.received(1);
    await restart();
    await hears(customer(1), [GREETING]);
    expect(attempts()).toEqual([1, 2]);
    const [inbound] = await records();
    expect(inbound).toMatchObject({
      outcome: 'connected',
      attempts: [
        { attempt: 1, verdict: 'failed', fault: 'gateway' },
        { attempt: 2, verdict: 'accepted' },
      ],
    });
  });

  test('C8 in every attempt: four requests, then the number’s own agent (E3)', async () => {
    answer = () => 'hang';
    await deliver('Hi', customer(1));
    for (const nth of [1, 2, 3, 4]) {
      await endpoint.received(nth);
      await restart();
    }
    await hears(customer(1), [GREETING]);
    expect(attempts()).toEqual([1, 2, 3, 4]);
    expect((await records())[0]!.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  test('between two attempts', async () => {
    answer = (nth) => (nth === 1 ? { status: 500 } : { body: '{}' });
    await deliver('Hi', customer(1));
    await until('attempt 1 is on record', async () => (await records())[0]?.attempts.length === 1);
    await restart();
    await hears(customer(1), [GREETING]);
    expect(attempts()).toEqual([1, 2]);
  });

  test.each([0, 1, 3, 8, 20])(
    'right after the reply (%i turns of the loop later): one chat, one answer',
    async (turns) => {
      await deliver('Hi', customer(1));
      await endpoint.received(1);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await restart();
      await hears(customer(1), [GREETING]);
      expect(endpoint.requests.length).toBeLessThanOrEqual(2);
      expect(await records()).toMatchObject([{ outcome: 'connected' }]);
      const { body } = await gateway.rest('POST', '/v3/list-chats', {});
      expect(body.items).toHaveLength(1);
    },
  );

  test('while the provider is asked to send, before it has it: sent once', async () => {
    twilio.failWith(({ method }) => (method === 'POST' ? 'hang' : undefined));
    await deliver('Hi', customer(1));
    await until('it is asked to send', () => twilio.requests.some(({ method }) => method === 'POST'));
    twilio.failWith(undefined);
    await restart();
    await hears(customer(1), [GREETING]);
  });

  test('after the provider took it, before we knew: its list tells, and nothing is sent twice, also with the same words', async () => {
    await deliver('Hi', customer(1));
    await deliver('7', customer(1));
    await hears(customer(1), [GREETING, 'Got 7.']);
    twilio.failWith(({ method }) => (method === 'POST' ? 'hang_after' : undefined));
    await deliver('7', customer(1));
    await until('it has it', () => heard(customer(1)).length === 3);
    twilio.failWith(undefined);
    await restart();
    await deliver('8', customer(1));
    await hears(customer(1), [GREETING, 'Got 7.', 'Got 7.', 'Got 8.']);
  });

  test('H5 SIGTERM while the endpoint is asked and while the provider is: exit 0, the rest is done by the next start, once', async () => {
    answer = (nth) => (nth === 1 ? 'hang' : { body: '{}' });
    await deliver('Hi', customer(9));
    await until('the request', () => endpoint.requests.length === 1);
    expect((await gateway.stop()).code).toBe(0);
    gateway = await start();
    await hears(customer(9), [GREETING]);
    expect(attempts()).toEqual([1, 2]);
    twilio.failWith(({ method }) => (method === 'POST' ? 'hang_after' : undefined));
    await deliver('7', customer(9));
    await until('it has it', () => heard(customer(9)).length === 2);
    expect((await gateway.stop()).code).toBe(0);
    twilio.failWith(undefined);
    gateway = await start();
    await deliver('8', customer(9));
    await hears(customer(9), [GREETING, 'Got 7.', 'Got 8.']);
    expect((await records()).map(({ outcome }) => outcome)).toEqual(['connected']);
  });

  test('at random, many times, while the provider resends what was not acknowledged: each text answered once, in order', async () => {
    const [chats, texts, kills] = [12, 10, 8];
    let resent = 0;
    const people = Array.from({ length: chats }, async (_, nth) => {
      resent += (await deliver('Hi', customer(nth))) - 1;
      for (let text = 1; text <= texts; text++) {
        resent += (await deliver(String(text), customer(nth))) - 1;
        await sleep(150 + 50 * (nth % 5));
      }
    });
    let over = false;
    const all = Promise.all(people).then(() => {
      over = true;
    });
    let killed = 0;
    for (; killed < kills && !over; killed++) {
      await sleep(50 + 97 * killed);
      await restart();
    }
    await all;
    const expected = [GREETING, ...Array.from({ length: texts }, (_, nth) => `Got ${nth + 1}.`)];
    for (let nth = 0; nth < chats; nth++) await hears(customer(nth), expected);
    expect(killed).toBeGreaterThan(2);
    expect(resent).toBeGreaterThan(0);
    // One webhook chain and one chat per pair.
    const all1 = await records();
    expect(all1.map(({ outcome }) => outcome)).toEqual(all1.map(() => 'connected'));
    expect(all1).toHaveLength(chats);
    expect(integrityOf(home)).toBe('ok');
  });
});
