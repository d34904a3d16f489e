import { type EndpointAnswer, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, expect, it } from 'vitest';
import type { OutboundResult } from '../src/index.ts';
import { loopbackOutbound, Opened, request } from './support.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** The same sequence in every run. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

const write =
  (text: string, end: boolean): EndpointAnswer =>
  (socket) =>
    void (end ? socket.end(text) : socket.write(text));

const ANSWERS: readonly EndpointAnswer[] = [
  { body: '{}' },
  { body: '{}' },
  { body: '{}', delayMs: 3 },
  { body: 'x'.repeat(5_000) },
  { status: 503, headers: { connection: 'close' } },
  'reset',
  'hang',
  write('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}', true),
  write('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}', false),
  write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n', false),
  write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', true),
  write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}', true),
  write('nonsense\r\n\r\n', false),
];

it.each([1, 2, 3, 4])('every request ends once and in time whatever the endpoint does (seed %i)', async (seed) => {
  const pick = sequence(seed);
  let mostOpen = 0;
  const endpoint = opened.add(
    await startFakeEndpoint({
      handler: () => {
        mostOpen = Math.max(mostOpen, endpoint.open);
        return ANSWERS[pick(ANSWERS.length)]!;
      },
    }),
  );
  const outbound = opened.add(loopbackOutbound({ connectionsPerEndpoint: 6 }));
  const pending: Promise<OutboundResult>[] = [];
  for (let i = 0; i < 400; i++) {
    const abort = new AbortController();
    const extra = { body: `request ${i}`, signal: abort.signal, maxReplyBytes: 4_096 };
    pending.push(outbound.post(request(endpoint.url, 20 + pick(400), extra)));
    if (pick(5) === 0) setTimeout(() => abort.abort(), pick(60));
    if (pick(10) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const results = await Promise.all(pending);
  for (const result of results) {
    if (result.ok) continue;
    expect(result, result.detail).not.toMatchObject({ error: 'internal_error' });
  }
  expect(results.filter((result) => result.ok).length).toBeGreaterThan(50);
  // Connections that are just closing are still open on the other side.
  expect(mostOpen).toBeLessThanOrEqual(12);
  const sent = new Map<string, number>();
  for (const { body } of endpoint.requests) sent.set(String(body), (sent.get(String(body)) ?? 0) + 1);
  for (const [body, times] of sent) {
    const result = results[Number(body.split(' ')[1])]!;
    expect(times, body).toBeLessThanOrEqual(result.resent ? 2 : 1);
  }
});

it('an origin that falls silent does not hold up a later request to it', async () => {
  const endpoint = opened.add(await startFakeEndpoint({ handler: (_request, nth) => (nth <= 6 ? 'hang' : {}) }));
  const outbound = opened.add(loopbackOutbound({ connectionsPerEndpoint: 3 }));
  const stuck = Array.from({ length: 6 }, (_, i) => outbound.post(request(endpoint.url, 100 + i * 20)));
  await Promise.all(stuck);
  await endpoint.received(3);
  // Those that waited went out as the first ones ended, so all that hang are over.
  for (let i = 0; i < 6; i++) await outbound.post(request(endpoint.url, 60));
  expect(await outbound.post(request(endpoint.url))).toMatchObject({ ok: true });
});

it('closes the connections of the origins unused for longest once there are very many', async () => {
  const endpoint = opened.add(await startFakeEndpoint());
  const outbound = opened.add(loopbackOutbound());
  for (let i = 0; i < 1_040; i += 40) {
    const batch = Array.from({ length: 40 }, (_, n) => `http://o${i + n}.localhost:${endpoint.port}/`);
    const results = await Promise.all(batch.map((url) => outbound.post(request(url))));
    expect(results.every((result) => result.ok)).toBe(true);
  }
  expect(endpoint.connections).toBe(1_040);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(endpoint.open).toBeLessThanOrEqual(1_000);
});
