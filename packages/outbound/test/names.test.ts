import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, describe, expect, it } from 'vitest';
import { loopbackOutbound, Opened, request, systemClock } from './support.ts';

const opened = new Opened();
afterEach(() => opened.close());

interface NameServer {
  readonly resolver: Resolver;
  readonly asked: string[];
  close(): Promise<void>;
}

/** A name server over UDP: `ok-…` is 127.0.0.1, `none-…` NXDOMAIN, `fail-…` SERVFAIL, anything else is never answered. */
async function startNameServer(ttlSeconds = 60): Promise<NameServer> {
  const socket: Socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, peer) => {
    const { name, end } = readName(query);
    const type = query.readUInt16BE(end);
    if (type === 1) asked.push(name);
    const answer = replyTo(query.subarray(0, end + 4), name, type, ttlSeconds);
    if (answer) socket.send(answer, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return { resolver, asked, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function replyTo(question: Buffer, name: string, type: number, ttl: number): Buffer | undefined {
  const code = name.startsWith('none-') ? 3 : name.startsWith('fail-') ? 2 : 0;
  if (code === 0 && !name.startsWith('ok-')) return undefined;
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(0, 6);
  head.writeUInt16BE(0, 10);
  if (code !== 0 || type !== 1) return head;
  head.writeUInt16BE(1, 6);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
  record.writeUInt32BE(ttl, 6);
  return Buffer.concat([head, record]);
}

describe('names', () => {
  it.each([
    ['none-such.example', 'endpoint', 'ENOTFOUND'],
    ['fail-ing.example', 'endpoint', 'ESERVFAIL'],
    ['silent.example', 'gateway', 'ETIMEOUT'],
  ])('case 6 %s is a dns_error in time, of the %s', async (name, fault, code) => {
    const { resolver } = opened.add(await startNameServer());
    const result = await opened.add(loopbackOutbound({ resolver })).post(request(`http://${name}/`, 10_000));
    expect(result).toMatchObject({ ok: false, error: 'dns_error', fault });
    if (!result.ok) expect(result.message).toContain(code);
    expect(result.endedMonoMs - result.startedMonoMs).toBeLessThan(3_100);
  });

  it('case 6 a name below .invalid does not exist, and no name server is asked (RFC 6761)', async () => {
    const { resolver, asked } = opened.add(await startNameServer());
    const result = await opened.add(loopbackOutbound({ resolver })).post(request('http://ok-hooks.invalid/'));
    expect(result).toMatchObject({ ok: false, error: 'dns_error', reason: 'ENOTFOUND' });
    expect(asked).toEqual([]);
  });

  it('case 6 the deadline ends a look-up', async () => {
    const { resolver } = opened.add(await startNameServer());
    const result = await opened.add(loopbackOutbound({ resolver })).post(request('http://silent.example/', 200));
    expect(result).toMatchObject({ ok: false, error: 'timeout', fault: 'gateway' });
    expect(result.endedMonoMs - result.startedMonoMs).toBeLessThan(450);
    expect(result.phases.dns_ms).toBeGreaterThan(190);
  });

  it('case 6 200 slow look-ups delay no other endpoint', async () => {
    const server = opened.add(await startNameServer());
    const endpoint = opened.add(await startFakeEndpoint());
    const outbound = opened.add(loopbackOutbound({ resolver: server.resolver }));
    const slow: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      slow.push(outbound.post(request(`http://slow-${i}.example/`, 400)));
      // All at once, the questions overflow the receive buffer of the test's own name server.
      if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
    }
    const quick = await outbound.post(request(`http://ok-1.example:${endpoint.port}/`));
    expect(quick.ok).toBe(true);
    expect(quick.endedMonoMs - quick.startedMonoMs).toBeLessThan(390);
    for (const result of await Promise.all(slow)) expect(result).toMatchObject({ ok: false });
  });

  it('a name is asked for once, not per request, and again once its time is over', async () => {
    const server = opened.add(await startNameServer(2));
    // Every request needs a connection, hence an address.
    const headers = { connection: 'close' };
    const endpoint = opened.add(await startFakeEndpoint({ handler: () => ({ headers }) }));
    let offsetMs = 0;
    const clock = { ...systemClock, monoMs: () => performance.now() + offsetMs };
    const outbound = opened.add(loopbackOutbound({ resolver: server.resolver, clock }));
    const url = `http://ok-2.example:${endpoint.port}/`;
    const send = () => outbound.post(request(url, 60_000));
    const results = await Promise.all(Array.from({ length: 50 }, send));
    expect(results.every((result) => result.ok)).toBe(true);
    await send();
    expect(server.asked).toEqual(['ok-2.example']);
    offsetMs = 2_100;
    await send();
    expect(server.asked).toHaveLength(2);
  });

  it('the hosts file comes first and is read again when it changes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pickup-hosts-'));
    const hostsPath = join(folder, 'hosts');
    const endpoint = opened.add(await startFakeEndpoint());
    const server = opened.add(await startNameServer());
    let offsetMs = 0;
    const clock = { ...systemClock, monoMs: () => performance.now() + offsetMs };
    const outbound = opened.add(loopbackOutbound({ resolver: server.resolver, hostsPath, clock }));
    const send = () => outbound.post(request(`http://None-Internal.example:${endpoint.port}/`, 60_000));
    try {
      expect(await send()).toMatchObject({ ok: false, error: 'dns_error' });
      writeFileSync(hostsPath, '# comment\n127.0.0.1\tother none-internal.example # here\n');
      offsetMs = 1_100;
      expect((await send()).ok).toBe(true);
      expect(server.asked).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
