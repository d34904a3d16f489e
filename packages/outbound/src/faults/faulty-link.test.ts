import { gzipSync } from 'node:zlib';
import { makeCertificate } from '@pickup/testkit/certificate';
import { type EndpointAnswer, type FakeEndpointOptions, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, describe, expect, test } from 'vitest';
import { loopbackOutbound, Opened, request, systemClock } from '../../test/support.ts';
import type { OutboundResult } from '../types.ts';
import { startFaultyLink } from './faulty-link.ts';
import { LINK_FAULTS, type LinkFault } from './link-fault.ts';

const opened = new Opened();
afterEach(() => opened.close());

const REPLY = '{"call_inbound":{"override_agent_id":"agent_1"}}';

async function stage(
  fault: LinkFault,
  options: {
    attempts?: number;
    handler?: FakeEndpointOptions['handler'];
    tls?: FakeEndpointOptions['tls'];
    ca?: string;
  } = {},
) {
  const { handler = () => ({ body: REPLY, headers: { 'x-mine': 'kept' } }), tls, ca, attempts } = options;
  const endpoint = opened.add(await startFakeEndpoint({ handler, ...(tls && { tls }) }));
  const outbound = opened.add(loopbackOutbound(ca === undefined ? {} : { ca }));
  const link = opened.add(
    await startFaultyLink({ fault, outbound, clock: systemClock, ...(attempts !== undefined && { attempts }) }),
  );
  return { endpoint, link, send: (inMs = 2_000) => link.post(request(`${endpoint.url}/hook?key=1`, inMs)) };
}

const textOf = (result: OutboundResult) => (result.ok ? result.body.toString() : undefined);

describe('what a sender lives through', () => {
  test('timeout: no answer until the deadline, and the endpoint is never asked', async () => {
    const { send, endpoint } = await stage('timeout');
    expect(await send(300)).toMatchObject({ faulty: true, result: { ok: false, error: 'timeout', reason: 'sent' } });
    expect(endpoint.requests).toHaveLength(0);
  });

  test('500: answered without asking the endpoint', async () => {
    const { send, endpoint } = await stage('500');
    expect(await send()).toMatchObject({ faulty: true, result: { ok: true, status: 500 } });
    expect(endpoint.requests).toHaveLength(0);
  });

  test('C1 slow-drip over TLS: the endpoint was asked, and its reply is cut off by the deadline while it drips', async () => {
    const certificate = makeCertificate();
    const { send, endpoint } = await stage('slow-drip', { tls: certificate, ca: certificate.cert });
    const { result, faulty } = await send(1_000);
    expect(faulty).toBe(true);
    expect(result).toMatchObject({ ok: false, error: 'timeout', reason: 'body', status: 200 });
    expect(result.phases.tls_ms).toBeGreaterThan(0);
    expect(result.phases.total_ms).toBeGreaterThan(990);
    expect(endpoint.requests).toHaveLength(1);
  });

  test('slow-drip: a short reply arrives whole, a byte every 300 ms', async () => {
    const { send } = await stage('slow-drip', { handler: () => ({ body: '{}' }) });
    const { result } = await send();
    expect(textOf(result)).toBe('{}');
    expect(result.phases.total_ms).toBeGreaterThan(590);
  });

  test('reset: broken off after the first bytes', async () => {
    const { send } = await stage('reset');
    const { result } = await send();
    expect(result).toMatchObject({ ok: false, fault: 'endpoint', status: 200 });
    expect(['connection_reset', 'incomplete_reply']).toContain(!result.ok && result.error);
  });

  test.each([
    ['of JSON', { body: REPLY }, REPLY.slice(0, 24)],
    ['without a body', { status: 204 }, '{"call_inbound": {"override_agent_id": "ag'],
  ])('D3 malformed: a whole HTTP reply %s, cut in its JSON', async (_name, answer, cut) => {
    const { send } = await stage('malformed', { handler: () => answer });
    const { result } = await send();
    expect(result).toMatchObject({ ok: true, status: 200 });
    expect(textOf(result)).toBe(cut);
    expect(() => JSON.parse(cut)).toThrow();
  });

  test('duplicate: asked twice with the same id and bytes; the first reply counts, both are told', async () => {
    const { send, endpoint } = await stage('duplicate', { handler: (_, nth) => ({ body: `{"nth":${nth}}` }) });
    const { result, answers } = await send();
    expect(textOf(result)).toBe('{"nth":1}');
    expect(answers?.map(textOf)).toEqual(['{"nth":1}', '{"nth":2}']);
    const [first, second] = endpoint.requests;
    expect([second?.header('webhook-id'), second?.path]).toEqual([first?.header('webhook-id'), first?.path]);
    expect(second?.body).toEqual(first?.body);
  });

  test('duplicate: a second answer that never comes costs the first nothing but half of the time left', async () => {
    const handler = (_: unknown, nth: number): EndpointAnswer => (nth === 1 ? { body: '{}' } : 'hang');
    const { send } = await stage('duplicate', { handler });
    const { result, answers } = await send(800);
    expect(textOf(result)).toBe('{}');
    expect(answers?.[1]).toMatchObject({ ok: false, error: 'timeout' });
  });
});

test('only the first attempts meet the fault where a number is given', async () => {
  const { send } = await stage('500', { attempts: 2 });
  const results = [await send(), await send(), await send()];
  expect(results.map(({ faulty }) => faulty)).toEqual([true, true, false]);
  expect(textOf(results[2]!.result)).toBe(REPLY);
});

test('what the endpoint sends is passed on: status, headers, body', async () => {
  const { send } = await stage('duplicate', {
    handler: () => ({ status: 401, headers: { 'x-mine': 'kept' }, body: 'no' }),
  });
  const { result } = await send();
  expect(result).toMatchObject({ ok: true, status: 401, headers: { 'x-mine': 'kept' } });
});

test.each(LINK_FAULTS.filter((fault) => fault !== 'timeout' && fault !== '500'))(
  '%s: an endpoint that is not there is told as such, not as the fault',
  async (fault) => {
    const { link, endpoint } = await stage(fault);
    await endpoint.close();
    const { result, faulty } = await link.post(request(endpoint.url));
    expect(result).toMatchObject({ ok: false, error: 'connect_error', reason: 'ECONNREFUSED' });
    expect(faulty).toBe(false);
  },
);

test('an address that the real sender refuses is refused behind the link too', async () => {
  const endpoint = opened.add(await startFakeEndpoint());
  const outbound = opened.add(loopbackOutbound({ loopback: false }));
  const link = opened.add(await startFaultyLink({ fault: 'slow-drip', outbound, clock: systemClock }));
  const { result } = await link.post(request(endpoint.url));
  expect(result).toMatchObject({ ok: false, error: 'address_refused', reason: 'not_public' });
  expect(endpoint.connections).toBe(0);
});

test('a reply that came compressed is passed on as what it was', async () => {
  const { send } = await stage('duplicate', {
    handler: () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(REPLY) }),
  });
  expect(textOf((await send()).result)).toBe(REPLY);
});

test('C6 a reply that drips to nobody any more stops', async () => {
  const timers = new Set<() => void>();
  const after: typeof systemClock.after = (delayMs, fire) => {
    timers.add(fire);
    const cancel = systemClock.after(delayMs, () => {
      timers.delete(fire);
      fire();
    });
    return () => {
      timers.delete(fire);
      cancel();
    };
  };
  const endpoint = opened.add(await startFakeEndpoint({ handler: () => ({ body: REPLY }) }));
  const outbound = opened.add(loopbackOutbound());
  const clock = { ...systemClock, after };
  const link = opened.add(await startFaultyLink({ fault: 'slow-drip', outbound, clock }));
  await link.post(request(endpoint.url, 500));
  await expect.poll(() => timers.size).toBe(0);
});

test('C6 an aborted request ends at once, and nothing is left open', async () => {
  const { link, endpoint } = await stage('slow-drip', { handler: () => 'hang' });
  const aborter = new AbortController();
  const sent = link.post(request(endpoint.url, 5_000, { signal: aborter.signal }));
  await endpoint.received(1);
  aborter.abort();
  expect(await sent).toMatchObject({ result: { ok: false, error: 'aborted' } });
});
