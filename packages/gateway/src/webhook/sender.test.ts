import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundEffect } from '@pickup/core';
import { createOutbound, type Outbound } from '@pickup/outbound';
import {
  type FakeEndpoint,
  type FakeEndpointOptions,
  type RecordedRequest,
  startFakeEndpoint,
} from '@pickup/testkit/endpoint';
import Retell from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKeyRing, createSeal, type KeyRing } from '../keys/index.ts';
import { systemClock } from '../runners/clock.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import { createWebhookSender, type WebhookSender } from './sender.ts';

const FIRST = 'key_first_0123456789';
const BODY = '{"event":"call_inbound","call_inbound":{"from_number":"+1 ü","to_number":"+12137771235"}}';

let home: string;
let keys: KeyRing;
let outbound: Outbound;
let endpoint: FakeEndpoint;
let sender: WebhookSender;

async function answering(handler?: FakeEndpointOptions['handler']): Promise<void> {
  endpoint = await startFakeEndpoint(handler && { handler });
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pickup-sender-'));
  const seal = createSeal({ keys: [{ id: 'one', key: Buffer.alloc(32, 1) }], current: 'one' });
  keys = createKeyRing({ store: createMemoryStore(), seal, clock: systemClock, home, log: { warn: () => {} } });
  await keys.bootstrap(FIRST);
  outbound = createOutbound({
    clock: systemClock,
    allow: [],
    loopback: true,
    ownPorts: () => [],
    userAgent: 'test',
    onAllowed: () => {},
  });
  const { wallMs } = systemClock;
  sender = createWebhookSender({ outbound, signingKey: () => keys.signingKey(), wallMs, version: '1.2.3' });
});
afterEach(async () => {
  await outbound.close();
  await endpoint.close();
  await rm(home, { recursive: true });
});

function send(attempt: number, signal = new AbortController().signal) {
  const ask: InboundEffect & { readonly type: 'ask' } = {
    type: 'ask',
    attempt,
    url: `${endpoint.url}/hook`,
    body: BODY,
    deadline_mono_ms: systemClock.monoMs() + 5_000,
    deadline_wall_ms: 1_790_000_005_000.4,
  };
  return sender.send('inb_1', ask, signal);
}

/** Which of the keys the official SDK takes this request's signature for. */
async function verifiedBy(request: RecordedRequest, ...apiKeys: readonly string[]): Promise<readonly string[]> {
  const signature = request.header('x-retell-signature')!;
  const verdicts = await Promise.all(apiKeys.map((key) => Retell.verify(request.body.toString(), key, signature)));
  return apiKeys.filter((_, index) => verdicts[index]);
}

test('case 85 in a rotation one key signs and both log in; promotion and revocation count from the next attempt', async () => {
  await answering(() => ({ status: 500 }));
  const first = keys.authenticate(FIRST)!.key_id;
  const { key_id, api_key: second } = await keys.add('full');
  await send(1);
  expect(await keys.promote(key_id)).toBe(true);
  await send(2);
  expect([keys.authenticate(FIRST)?.key_id, keys.authenticate(second)?.key_id]).toEqual([first, key_id]);
  expect(await keys.revoke(first)).toBe('revoked');
  await send(3);
  expect(keys.authenticate(FIRST)).toBeUndefined();
  const signers = await Promise.all(endpoint.requests.map((request) => verifiedBy(request, FIRST, second)));
  expect(signers).toEqual([[FIRST], [second], [second]]);
});

test('case 85 a promotion while an attempt is on its way leaves that attempt signed as it was', async () => {
  let promoted = Promise.resolve(false);
  const { key_id, api_key } = await keys.add('full');
  await answering(async () => {
    promoted = keys.promote(key_id);
    await promoted;
    return { status: 200, body: '{}' };
  });
  expect(await send(1)).toMatchObject({ received: true, status: 200 });
  expect(await promoted).toBe(true);
  expect(await verifiedBy(endpoint.requests[0]!, FIRST, api_key)).toEqual([FIRST]);
});

test('B2 B3 headers of an attempt: a fresh signature, the same webhook-id, number and deadline', async () => {
  await answering();
  await send(1);
  await new Promise((resolve) => setTimeout(resolve, 2));
  await send(2);
  const seen = endpoint.requests.map((request) =>
    Object.fromEntries(
      ['webhook-id', 'x-pickup-attempt', 'x-pickup-deadline', 'accept-encoding', 'user-agent', 'content-type'].map(
        (name) => [name, request.header(name)],
      ),
    ),
  );
  const common = {
    'webhook-id': 'inb_1',
    'x-pickup-deadline': '1790000005000',
    'accept-encoding': 'identity',
    'user-agent': 'Pickup/1.2.3',
    'content-type': 'application/json',
  };
  expect(seen).toEqual([1, 2].map((attempt) => ({ ...common, 'x-pickup-attempt': String(attempt) })));
  const signatures = endpoint.requests.map((request) => request.header('x-retell-signature'));
  expect(signatures[0]).toMatch(/^v=\d{13},d=[0-9a-f]{64}$/);
  expect(new Set(signatures).size).toBe(2);
  expect(endpoint.requests[0]!.body.toString()).toBe(BODY);
});

test('C6 an attempt whose caller hung up ends at once as aborted', async () => {
  await answering(() => 'hang');
  const aborter = new AbortController();
  const sent = send(1, aborter.signal);
  await endpoint.received(1);
  aborter.abort();
  expect(await sent).toMatchObject({ received: false, error: 'aborted' });
});

test('B2 why the endpoint refused the signature is read from its answer, and no other word of it', async () => {
  await answering((_request, nth) => ({
    status: 401,
    headers: { 'x-pickup-verification': nth === 1 ? 'wrong_key' : '<script>' },
  }));
  expect(await send(1)).toMatchObject({ received: true, status: 401, verification: 'wrong_key' });
  expect(await send(2)).not.toHaveProperty('verification');
});
