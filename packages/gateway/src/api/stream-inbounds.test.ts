/** H1 as it happens: what a client of stream-inbounds gets, in which order, and what it may not hold up. */
import { connect } from 'node:net';
import type { InboundObject } from '@pickup/contract';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FULL_KEY, READ_KEY, startTestApi, type TestApi, WEBHOOK_KEY } from '../../test/start-test-api.ts';
import { createInboundFeed, type InboundFeed } from '../observe/inbound-feed.ts';
import { silentLog } from '../observe/log.ts';
import { tellEnds } from '../runners/tell-ends.ts';
import { arrival } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { Store } from '../stores/port.ts';
import { HEARTBEAT_MS } from './inbound-stream.ts';
import { MOST_STREAMS } from './stream-inbounds.ts';

let api: TestApi;
let feed: InboundFeed;
let store: Store;
let clock: ManualClock;
let revoked = false;
let reads = 0;
/** What the store's last end waits for. */
let storeIsReady = Promise.resolve();
let asked = 0;
const streams: Stream[] = [];

beforeEach(async () => {
  revoked = false;
  feed = createInboundFeed({ log: silentLog });
  const memory = createMemoryStore();
  reads = 0;
  storeIsReady = Promise.resolve();
  asked = 0;
  const lastEndedInbound = () => {
    asked += 1;
    return storeIsReady.then(() => memory.lastEndedInbound());
  };
  const counted: typeof memory.inboundsEndedAfter = async (request) => {
    reads += 1;
    return memory.inboundsEndedAfter(request);
  };
  store = tellEnds({ ...memory, lastEndedInbound, inboundsEndedAfter: counted }, feed);
  clock = new ManualClock();
  api = await startTestApi({
    store,
    feed,
    timers: clock,
    authenticate: (key) => {
      if (key === FULL_KEY) return { key_id: 'k1', role: 'full' };
      if (key === READ_KEY && !revoked) return { key_id: 'k2', role: 'read_only' };
      return key === WEBHOOK_KEY ? { key_id: 'k3', role: 'webhook' } : undefined;
    },
  });
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.leave();
  await api.close();
});

interface Told {
  readonly id?: string;
  readonly inbound?: InboundObject & { readonly explanation: { readonly headline: string } };
}

interface Stream {
  readonly status: number;
  /** What came so far, blocks without data included. */
  readonly told: readonly Told[];
  readonly ids: () => readonly (string | undefined)[];
  /** Resolves once so many inbounds have come. */
  came(count: number): Promise<void>;
  readonly ended: Promise<unknown>;
  leave(): void;
}

async function follow(query = '', headers: Record<string, string> = {}): Promise<Stream> {
  const aborter = new AbortController();
  const response = await api.request(`/stream-inbounds${query}`, { headers, signal: aborter.signal });
  const told: Told[] = [];
  const inbounds = () => told.filter(({ inbound }) => inbound);
  let rest = '';
  const read = async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop()!;
      told.push(...blocks.map(parse));
    }
  };
  const stream: Stream = {
    status: response.status,
    told,
    ids: () => inbounds().map(({ inbound }) => inbound!.inbound_id),
    came: (count) => expect.poll(() => inbounds().length, { timeout: 5_000 }).toBeGreaterThanOrEqual(count),
    ended: read().catch((error: unknown) => error),
    leave: () => aborter.abort(),
  };
  streams.push(stream);
  return stream;
}

function parse(block: string): Told {
  const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/:(.*)/s).map((part) => part.trim())));
  return { ...(fields['id'] && { id: fields['id'] }), ...(fields['data'] && { inbound: JSON.parse(fields['data']) }) };
}

async function end(inbound_id: string, over: Parameters<typeof arrival>[1] = {}): Promise<void> {
  await store.openInbound(arrival(inbound_id, over));
  await store.settleInbound({ inbound_id, outcome: 'declined', outcome_timestamp: 9 });
}

test('a client gets each change and each end, with the record’s explanation', async () => {
  const stream = await follow();
  await expect.poll(() => feed.listeners).toBe(1);
  await store.openInbound(arrival('inb_1'));
  const open = (await store.getInbound('inb_1'))!;
  feed.changed(() => open);
  await stream.came(1);
  await store.settleInbound({ inbound_id: 'inb_1', outcome: 'declined', outcome_timestamp: 9 });
  await stream.came(2);
  expect(stream.told.flatMap(({ inbound }) => (inbound ? [inbound.outcome] : []))).toEqual([null, 'declined']);
  expect(stream.told.at(-1)!.inbound!.explanation.headline).toMatch(/Refused/);
});

test('nothing is computed while nobody listens', async () => {
  feed.changed(() => {
    throw new Error('computed');
  });
  const stream = await follow();
  stream.leave();
  await expect.poll(() => feed.listeners).toBe(0);
});

test('a fault while a listener is told stays in the feed', async () => {
  await follow();
  await expect.poll(() => feed.listeners).toBe(1);
  expect(() =>
    feed.changed(() => {
      throw new Error('a bug');
    }),
  ).not.toThrow();
});

test('whoever comes back with the last id gets what ended since, in order, once each, then what ends now', async () => {
  await end('inb_before');
  const first = await follow();
  await end('inb_1');
  await first.came(1);
  first.leave();
  const { id } = first.told.at(-1)!;
  const meanwhile = Array.from({ length: 45 }, (_, index) => `inb_while_${index}`);
  for (const inboundId of meanwhile) await end(inboundId);
  const second = await follow('', { 'last-event-id': id! });
  for (const inboundId of ['inb_a', 'inb_b']) await end(inboundId);
  await second.came(47);
  expect(first.ids()).toEqual(['inb_1']);
  expect(second.ids()).toEqual([...meanwhile, 'inb_a', 'inb_b']);
});

test('a client that has seen nothing has an id to come back with; an id of another store begins now', async () => {
  await end('inb_1');
  const first = await follow();
  await expect.poll(() => first.told.length).toBe(1);
  await end('inb_2');
  const second = await follow('', { 'last-event-id': first.told[0]!.id! });
  await second.came(1);
  expect(second.ids()).toEqual(['inb_2']);
  const other = await follow('', { 'last-event-id': '999999' });
  await end('inb_3');
  await other.came(1);
  expect(other.ids()).toEqual(['inb_3']);
});

test('many who follow cost one read of an end, whoever they are', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => follow()));
  await expect.poll(() => feed.listeners).toBe(20);
  await expect.poll(() => all.every(({ told }) => told.length > 0)).toBe(true);
  const before = reads;
  await end('inb_1');
  for (const stream of all) await stream.came(1);
  // The end, and the look whether there are more.
  await expect.poll(() => reads).toBeLessThanOrEqual(before + 4);
  expect(all.map((stream) => stream.ids())).toEqual(Array(20).fill(['inb_1']));
});

test('filters choose; what an id was passed over for is not looked at again', async () => {
  const stream = await follow(`?to_number=${encodeURIComponent('+49301234')}&channel=sms&outcome=declined`);
  await expect.poll(() => feed.listeners).toBe(1);
  await end('inb_call', { to_number: '+49301234' });
  await end('inb_text', { to_number: '+49301234', channel: 'sms' });
  await end('inb_other', { channel: 'sms' });
  await stream.came(1);
  clock.advance(HEARTBEAT_MS);
  await expect.poll(() => stream.told.at(-1)?.inbound).toBeUndefined();
  expect(stream.ids()).toEqual(['inb_text']);
  expect(Number(stream.told.at(-1)!.id)).toBe(await store.lastEndedInbound());
});

test('a client that never reads is dropped, and holds nobody up', async () => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.pause();
  socket.on('error', () => {});
  socket.write(`GET /stream-inbounds HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${READ_KEY}\r\n\r\n`);
  await expect.poll(() => feed.listeners).toBe(1);
  const reader = await follow();
  await expect.poll(() => feed.listeners).toBe(2);
  const big = { note: 'x'.repeat(300_000) };
  for (let index = 0; index < 60; index++) await end(`inb_${index}`, { settings: big });
  await reader.came(60);
  for (let beat = 0; beat < 3; beat++) {
    clock.advance(HEARTBEAT_MS);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await expect.poll(() => feed.listeners).toBe(1);
  await end('inb_last');
  await reader.came(61);
  socket.destroy();
});

test('a key that is revoked gets no more than the next heartbeat', async () => {
  const stream = await follow('', { authorization: `Bearer ${READ_KEY}` });
  await expect.poll(() => feed.listeners).toBe(1);
  clock.advance(HEARTBEAT_MS);
  await expect.poll(() => stream.told.length).toBe(2);
  revoked = true;
  clock.advance(HEARTBEAT_MS);
  await stream.ended;
  expect(feed.listeners).toBe(0);
});

test('who may: keys that read; and not more than so many at once', async () => {
  expect((await follow('', { authorization: `Bearer ${WEBHOOK_KEY}` })).status).toBe(403);
  expect((await follow('', { authorization: 'Bearer no' })).status).toBe(401);
  expect((await follow('', { 'last-event-id': 'x' })).status).toBe(400);
  for (let index = 0; index < MOST_STREAMS; index++) expect((await follow()).status).toBe(200);
  await expect.poll(() => feed.listeners).toBe(MOST_STREAMS);
  expect((await follow()).status).toBe(429);
});

test('of many who come at once no more are let in, and who leaves meanwhile takes no place', async () => {
  let ready = () => {};
  storeIsReady = new Promise((resolve) => {
    ready = resolve;
  });
  const hasty = new AbortController();
  const gone = api.request('/stream-inbounds', { signal: hasty.signal }).catch(() => 'gone');
  const many = Array.from({ length: MOST_STREAMS + 10 }, () => follow());
  await expect.poll(() => asked).toBe(MOST_STREAMS);
  // Those who come too late are refused at once, while the others wait for the store.
  expect((await follow()).status).toBe(429);
  hasty.abort();
  expect(await gone).toBe('gone');
  ready();
  const came = (await Promise.all(many)).filter(({ status }) => status === 200).length;
  expect([MOST_STREAMS - 1, MOST_STREAMS]).toContain(came);
  await expect.poll(() => feed.listeners).toBe(came);
  for (const stream of streams.splice(0)) stream.leave();
  await expect.poll(() => feed.listeners).toBe(0);
  await expect.poll(async () => (await follow()).status).toBe(200);
  for (let index = 1; index < MOST_STREAMS; index++) expect((await follow()).status).toBe(200);
  expect((await follow()).status).toBe(429);
});

test('the server stops while clients follow', async () => {
  const stream = await follow();
  await expect.poll(() => feed.listeners).toBe(1);
  const closed = api.close();
  await stream.ended;
  clock.advance(1_000);
  await closed;
});
