import { fork } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { ManualClock } from '@pickup/testkit/clock';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutboundResult } from '../src/index.ts';
import { loopbackOutbound, Opened, request, systemClock } from './support.ts';

const opened = new Opened();
afterEach(() => opened.close());

const endpointOf = async (...args: Parameters<typeof startFakeEndpoint>) =>
  opened.add(await startFakeEndpoint(...args));
const outboundOf = (...args: Parameters<typeof loopbackOutbound>) => opened.add(loopbackOutbound(...args));

function failure(result: OutboundResult) {
  if (result.ok) throw new Error(`expected a failure, got ${result.status}`);
  return result;
}

const elapsed = (result: OutboundResult) => result.endedMonoMs - result.startedMonoMs;

describe('C1 one deadline for the whole attempt', () => {
  it('case 1 a reply just before the deadline is used', async () => {
    const endpoint = await endpointOf({ handler: () => ({ delayMs: 400, body: '{"a":1}' }) });
    const result = await outboundOf().post(request(endpoint.url, 500));
    expect(result).toMatchObject({ ok: true, status: 200, truncated: false, resent: false });
    if (result.ok) expect(result.body.toString()).toBe('{"a":1}');
  });

  it('case 2 without a reply the attempt ends at the deadline, not before', async () => {
    const endpoint = await endpointOf({ handler: () => ({ delayMs: 700 }) });
    const result = await outboundOf().post(request(endpoint.url, 500));
    expect(result).toMatchObject({ ok: false, error: 'timeout', fault: 'endpoint' });
    expect(elapsed(result)).toBeGreaterThanOrEqual(499);
    expect(elapsed(result)).toBeLessThan(750);
  });

  it('case 3 headers at once and a dripping body end at the deadline', async () => {
    const drips: NodeJS.Timeout[] = [];
    const endpoint = await endpointOf({
      handler: () => (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
        drips.push(setInterval(() => socket.write('x'), 50));
      },
    });
    const result = failure(await outboundOf().post(request(endpoint.url, 400)));
    for (const drip of drips) clearInterval(drip);
    expect(result).toMatchObject({ error: 'timeout', status: 200 });
    expect(elapsed(result)).toBeLessThan(650);
  });

  it('case 1, 2 on the virtual clock: a reply at 9.9 s counts, and without one it ends at 10.0 s', async () => {
    const held: (() => void)[] = [];
    const endpoint = await endpointOf({
      handler: () => (socket) => void held.push(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')),
    });
    const clock = new ManualClock();
    const outbound = outboundOf({ clock });
    const deadlineMonoMs = clock.monoMs() + 10_000;
    const [used, ended] = [1, 2].map(() => outbound.post(request(endpoint.url, 0, { deadlineMonoMs })));
    await endpoint.received(2);
    await clock.advance(9_900);
    held[0]!();
    const first = await Promise.race([used!, ended!]);
    expect(first).toMatchObject({ ok: true, phases: { total_ms: 9_900 } });
    await clock.advance(95);
    const open = Symbol('open');
    expect(await Promise.race([Promise.all([used, ended]), Promise.resolve(open)])).toBe(open);
    await clock.advance(10);
    const results = await Promise.all([used!, ended!]);
    const late = results.find((result) => !result.ok)!;
    expect(late).toMatchObject({ error: 'timeout', fault: 'endpoint', phases: { total_ms: 10_000 } });
  });

  it('case 14 a stalled event loop makes one late time-out, not a second request', async () => {
    const endpoint = await endpointOf({ handler: () => ({ delayMs: 200 }) });
    const outbound = outboundOf();
    const pending = outbound.post(request(endpoint.url, 1_000));
    await endpoint.received(1);
    const until = performance.now() + 3_000;
    while (performance.now() < until);
    const result = failure(await pending);
    expect(result).toMatchObject({ error: 'timeout', fault: 'gateway', resent: false });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('case 15 a step of the wall clock changes no duration', async () => {
    let stepMs = 0;
    const clock = { ...systemClock, wallMs: () => Date.now() + stepMs };
    const endpoint = await endpointOf({
      handler: () => {
        stepMs = -3_600_000;
        return { delayMs: 50 };
      },
    });
    const result = await outboundOf({ clock }).post(request(endpoint.url));
    expect(result.ok).toBe(true);
    expect(Math.abs(result.endedWallMs - result.startedWallMs - elapsed(result))).toBeLessThan(1);
    expect(result.phases.total_ms).toBeGreaterThanOrEqual(49);
  });
});

describe('connecting', () => {
  it('case 4 a frozen endpoint with a full backlog is a connect error within 3 s', async () => {
    const script = `const s=require('node:net').createServer();s.listen({port:0,host:'127.0.0.1',backlog:1},()=>process.send(s.address().port))`;
    const child = fork('-e', [script], { execArgv: [], execPath: process.execPath, stdio: 'ignore' });
    const fillers: Socket[] = [];
    try {
      const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
      child.kill('SIGSTOP');
      for (let i = 0; i < 8; i++) fillers.push(connect(port, '127.0.0.1').on('error', () => {}));
      await new Promise((resolve) => setTimeout(resolve, 100));
      const result = failure(await outboundOf().post(request(`http://127.0.0.1:${port}`, 10_000)));
      expect(result).toMatchObject({ error: 'connect_error', fault: 'endpoint' });
      expect(elapsed(result)).toBeLessThan(3_100);
      expect(result.phases.first_byte_ms).toBeUndefined();
    } finally {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
    }
  });

  it('a closed port is a connect error of the endpoint, without its address in the message', async () => {
    const endpoint = await startFakeEndpoint();
    await endpoint.close();
    const result = failure(await outboundOf().post(request(endpoint.url)));
    expect(result).toMatchObject({ error: 'connect_error', fault: 'endpoint' });
    expect(result.message).toContain('ECONNREFUSED');
    expect(result.message).not.toContain('127.0.0.1');
  });

  it('case 55 more requests than dials at once to a silent endpoint: all learn that it does not answer', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 512 }, resolve));
    const { port } = server.address() as { port: number };
    const outbound = outboundOf({ connectTimeoutMs: 1_000 });
    const all = Array.from({ length: 200 }, () => outbound.post(request(`https://127.0.0.1:${port}/`, 5_000)));
    for (const result of await Promise.all(all)) {
      expect(result).toMatchObject({ ok: false, error: 'tls_error', fault: 'endpoint' });
      expect(elapsed(result)).toBeLessThan(2_500);
    }
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('tries the next address of a name when the first refuses', async () => {
    const endpoint = await endpointOf();
    const resolver = {
      resolve4: async () => [
        { address: '127.0.0.9', ttl: 60 },
        { address: '127.0.0.1', ttl: 60 },
      ],
      resolve6: async () => Promise.reject(Object.assign(new Error('none'), { code: 'ENODATA' })),
    };
    const result = await outboundOf({ resolver }).post(request(`http://two.example:${endpoint.port}/`));
    expect(result).toMatchObject({ ok: true, status: 200 });
    expect(result.phases.dns_ms).toBeDefined();
    expect(endpoint.requests[0]?.header('host')).toBe(`two.example:${endpoint.port}`);
  });
});

describe('the queue of an endpoint', () => {
  it('case 7 one more request than the cap waits, and its own deadline counts the wait', async () => {
    const endpoint = await endpointOf({ handler: () => 'hang' });
    const outbound = outboundOf({ connectionsPerEndpoint: 2 });
    const running = [outbound.post(request(endpoint.url, 900)), outbound.post(request(endpoint.url, 900))];
    const result = failure(await outbound.post(request(endpoint.url, 300)));
    expect(result).toMatchObject({ error: 'timeout', fault: 'gateway' });
    expect(elapsed(result)).toBeLessThan(550);
    expect(result.phases.queue_ms).toBeGreaterThan(290);
    expect(result.phases.connect_ms).toBeUndefined();
    await Promise.all(running);
    expect(endpoint.requests).toHaveLength(2);
  });

  it('case 7 what waits goes out, in order, once a connection is free', async () => {
    const endpoint = await endpointOf({ handler: () => ({ delayMs: 20 }) });
    const outbound = outboundOf({ connectionsPerEndpoint: 1 });
    const all = await Promise.all(
      [1, 2, 3, 4].map((n) => outbound.post(request(endpoint.url, 2_000, { body: `${n}` }))),
    );
    expect(all.every((result) => result.ok)).toBe(true);
    expect(endpoint.requests.map((each) => each.body.toString())).toEqual(['1', '2', '3', '4']);
    expect(endpoint.connections).toBe(1);
  });

  it('case 8 what is aborted while queued is never sent', async () => {
    const endpoint = await endpointOf({ handler: () => ({ delayMs: 150 }) });
    const outbound = outboundOf({ connectionsPerEndpoint: 1 });
    const first = outbound.post(request(endpoint.url));
    const abort = new AbortController();
    const queued = outbound.post(request(endpoint.url, 5_000, { signal: abort.signal, body: 'queued' }));
    await endpoint.received(1);
    abort.abort();
    expect(failure(await queued)).toMatchObject({ error: 'aborted', fault: 'caller' });
    expect((await first).ok).toBe(true);
    expect((await outbound.post(request(endpoint.url, 5_000, { body: 'last' }))).ok).toBe(true);
    expect(endpoint.requests.map((each) => each.body.toString())).not.toContain('queued');
  });

  it('case 13 requests waiting on a slow endpoint hold up no other', async () => {
    const slow = await endpointOf({ handler: () => 'hang' });
    const fast = await endpointOf();
    const outbound = outboundOf();
    const abort = new AbortController();
    const waiting = Array.from({ length: 1_000 }, () =>
      outbound.post(request(slow.url, 10_000, { signal: abort.signal })),
    );
    await slow.received(1_000);
    const results: OutboundResult[] = [];
    for (let i = 0; i < 50; i++) results.push(await outbound.post(request(fast.url)));
    expect(results.every((result) => result.ok)).toBe(true);
    const middle = results.map(elapsed).sort((a, b) => a - b)[25]!;
    expect(middle).toBeLessThan(100);
    abort.abort();
    expect((await Promise.all(waiting)).every((result) => !result.ok && result.error === 'aborted')).toBe(true);
  });
});

describe('C6 abort', () => {
  it('drops the connection of a request in flight', async () => {
    let dropped: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      dropped = resolve;
    });
    const endpoint = await endpointOf({ handler: () => (socket) => void socket.on('close', dropped) });
    const abort = new AbortController();
    const pending = outboundOf().post(request(endpoint.url, 5_000, { signal: abort.signal }));
    await endpoint.received(1);
    abort.abort();
    expect(failure(await pending)).toMatchObject({ error: 'aborted', fault: 'caller' });
    await gone;
  });

  it('never sends what was aborted before', async () => {
    const endpoint = await endpointOf();
    const result = await outboundOf().post(request(endpoint.url, 5_000, { signal: AbortSignal.abort() }));
    expect(failure(result).error).toBe('aborted');
    expect(endpoint.connections).toBe(0);
  });

  it('closing ends what runs and what waits', async () => {
    const endpoint = await endpointOf({ handler: () => 'hang' });
    const outbound = loopbackOutbound({ connectionsPerEndpoint: 1 });
    const both = [outbound.post(request(endpoint.url)), outbound.post(request(endpoint.url))];
    await endpoint.received(1);
    await outbound.close();
    for (const result of await Promise.all(both)) expect(result).toMatchObject({ error: 'aborted', fault: 'gateway' });
    expect(await outbound.post(request(endpoint.url))).toMatchObject({ ok: false, error: 'aborted' });
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('C5 one resend', () => {
  it('a reused connection that is reset before any byte: sent again on a fresh one, with identical headers', async () => {
    const endpoint = await endpointOf({ handler: (_request, nth) => (nth === 2 ? 'reset' : { body: '{}' }) });
    const outbound = outboundOf();
    await outbound.post(request(endpoint.url));
    const result = await outbound.post(request(endpoint.url));
    expect(result).toMatchObject({ ok: true, resent: true });
    expect(endpoint.requests).toHaveLength(3);
    expect(endpoint.requests[2]?.headers).toEqual(endpoint.requests[1]?.headers);
    expect(endpoint.requests[2]?.connection).not.toBe(endpoint.requests[1]?.connection);
  });

  it('at most once', async () => {
    const endpoint = await endpointOf({ handler: (_request, nth) => (nth > 1 ? 'reset' : { body: '{}' }) });
    const outbound = outboundOf();
    await outbound.post(request(endpoint.url));
    const result = failure(await outbound.post(request(endpoint.url)));
    expect(result).toMatchObject({ error: 'connection_reset', resent: true });
    expect(endpoint.requests).toHaveLength(3);
  });

  it('never on a fresh connection, nor once a byte has come', async () => {
    const fresh = await endpointOf({ handler: () => 'reset' });
    const outbound = outboundOf();
    expect(failure(await outbound.post(request(fresh.url)))).toMatchObject({
      error: 'connection_reset',
      resent: false,
    });
    const partial = await endpointOf({
      handler: (_request, nth) =>
        nth === 1 ? { body: '{}' } : (socket) => void socket.write('HT', () => socket.resetAndDestroy()),
    });
    await outbound.post(request(partial.url));
    const result = failure(await outbound.post(request(partial.url)));
    expect(result.resent).toBe(false);
    expect(partial.requests).toHaveLength(2);
  });

  it('case 18 an endpoint that drops idle connections after 100 ms fails less than one in a thousand', async () => {
    const endpoint = await endpointOf({ dropIdleMs: 100 });
    const outbound = outboundOf();
    let failed = 0;
    for (let round = 0; round < 10; round++) {
      const results = await Promise.all(Array.from({ length: 100 }, () => outbound.post(request(endpoint.url))));
      failed += results.filter((result) => !result.ok).length;
      await new Promise((resolve) => setTimeout(resolve, 96 + round));
    }
    expect(failed).toBe(0);
    expect(endpoint.connections).toBeGreaterThan(100);
  });
});
