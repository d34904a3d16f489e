import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutbound } from '@pickup/outbound';
import { ManualClock } from '@pickup/testkit/clock';
import Retell from 'retell-sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../observe/log.ts';
import { systemClock } from '../runners/clock.ts';
import { arrival, call, NOW } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { CallRow, Store } from '../stores/port.ts';
import { createEventSender, type EventSender, RETRY_AFTER_MS } from './event-sender.ts';

const KEY = 'key_0123456789abcdef';
interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: string;
}

let server: Server;
let store: Store;
let clock: ManualClock;
let sender: EventSender;
let got: Got[];
let answer: (response: ServerResponse, seen: Got) => void;
const outbound = createOutbound({ clock: systemClock, allow: ['127.0.0.0/8'], loopback: true, userAgent: 'test' });

beforeEach(async () => {
  got = [];
  answer = (response) => response.writeHead(204).end();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const seen = { headers: request.headers, body, event: (JSON.parse(body) as { event: string }).event };
      got.push(seen);
      answer(response, seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  store = createMemoryStore();
  clock = clockAt(NOW);
  sender = createEventSender({ store, outbound, signingKey: () => KEY, clock: mixed(), log: silentLog, version: '1' });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function clockAt(wallMs: number): ManualClock {
  const made = new ManualClock();
  made.stepWall(wallMs - made.wallMs());
  return made;
}

/** Wall time and timers by hand; deadlines of real requests by the real clock. */
const mixed = () => ({
  wallMs: () => clock.wallMs(),
  after: (delayMs: number, fire: () => void) => clock.after(delayMs, fire),
  monoMs: () => systemClock.monoMs(),
});

const hooked = (over: Partial<CallRow> = {}): CallRow =>
  call('call_1', {
    start_timestamp: NOW,
    event_hook: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
      events: ['call_started', 'call_ended', 'call_analyzed'],
      timeout_ms: 1_000,
    },
    ...over,
  });

/** Lets the sender look as often as `passMs` holds, and waits until nothing more comes of it. */
async function pass(passMs: number): Promise<void> {
  const step = passMs > 10_000 ? 1_000 : 100;
  for (let left = passMs; left > 0; left -= step) {
    await clock.advance(Math.min(step, left));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const until = async (isSo: () => boolean | Promise<boolean>) => {
  for (let tries = 0; tries < 200; tries++) {
    if (await isSo()) return;
    await pass(100);
  }
  throw new Error('it never came to be so');
};

async function connectAndEnd(): Promise<void> {
  await store.registerCall(hooked({ call_status: 'registered' }));
  const end = { call_status: 'ended', end_timestamp: NOW + 1 } as const;
  await store.openInbound(arrival('inb_1'));
  const row = hooked(end);
  await store.settleInbound({ inbound_id: 'inb_1', outcome: 'connected', outcome_timestamp: NOW, call: row });
}

test('events of a call arrive in order, signed, each with an id of its own', async () => {
  await connectAndEnd();
  sender.start();
  await until(() => got.length === 3);
  expect(got.map(({ event }) => event)).toEqual(['call_started', 'call_ended', 'call_analyzed']);
  for (const { headers, body, event } of got) {
    expect(headers).toMatchObject({ 'webhook-id': `call_1.${event}`, 'x-pickup-attempt': '1' });
    const signature = String(headers['x-retell-signature']);
    // The stamp is the manual clock's, too far from now for the SDK.
    expect(signature).toMatch(/^v=\d+,d=[0-9a-f]{64}$/);
    expect(JSON.parse(body)).toMatchObject({ event, call: { call_id: 'call_1', call_type: 'phone_call' } });
  }
  await sender.close();
  await pass(60_000);
  expect(got).toHaveLength(3);
});

test('a signature of now passes Retell.verify', async () => {
  clock = clockAt(Date.now());
  sender = createEventSender({ store, outbound, signingKey: () => KEY, clock: mixed(), log: silentLog, version: '1' });
  await connectAndEnd();
  sender.start();
  await until(() => got.length > 0);
  await sender.close();
  expect(await Retell.verify(got[0]!.body, KEY, String(got[0]!.headers['x-retell-signature']))).toBe(true);
});

test('a failing event is tried three times more, and holds no later one back', async () => {
  answer = (response, { event }) => response.writeHead(event === 'call_started' ? 500 : 200).end();
  await connectAndEnd();
  sender.start();
  await until(() => got.length === 3);
  expect(got.map(({ event }) => event)).toEqual(['call_started', 'call_ended', 'call_analyzed']);
  await pass(RETRY_AFTER_MS.reduce((sum, wait) => sum + wait, 0) + 2_000);
  expect(got.slice(3).map(({ event, headers }) => [event, headers['x-pickup-attempt']])).toEqual(
    ['2', '3', '4'].map((attempt) => ['call_started', attempt]),
  );
  await pass(120_000);
  expect(got).toHaveLength(6);
  const [started] = await store.listEvents('call_1');
  expect(started).not.toHaveProperty('next_timestamp');
  expect(started?.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
  await sender.close();
});

test('an endpoint that hangs ends the attempt at webhook_timeout_ms; a stop leaves it for the next start', async () => {
  let hanging: ServerResponse | undefined;
  answer = (response) => {
    hanging ??= response;
  };
  await store.registerCall(hooked({ call_status: 'registered' }));
  await store.updateCall('call_1', { call_status: 'error', end_timestamp: NOW });
  sender.start();
  await until(async () => (await store.listEvents('call_1'))[0]?.attempts[0]?.error === 'timeout');
  const closing = sender.close();
  await pass(3_000);
  await closing;
  hanging?.destroy();
  answer = (response) => response.writeHead(200).end();
  const next = createEventSender({
    store,
    outbound,
    signingKey: () => KEY,
    clock: mixed(),
    log: silentLog,
    version: '1',
  });
  next.start();
  await until(async () => (await store.listEvents('call_1')).every((row) => row.next_timestamp === undefined));
  expect((await store.listEvents('call_1')).map(({ attempts }) => attempts.at(-1)?.status)).toEqual([200, 200]);
  await next.close();
});
