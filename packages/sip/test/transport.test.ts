/** Transports by themselves, on real sockets: what becomes of a message, and of a connection. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Certificate, makeCertificate } from '@pickup/testkit/certificate';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flowKey, type Transport, type TransportEvents } from '../src/transport/port.ts';
import { openStream } from '../src/transport/stream.ts';
import type { StreamLimits } from '../src/transport/stream-limits.ts';
import { openUdp } from '../src/transport/udp.ts';

let own: Certificate;
beforeAll(() => {
  own = makeCertificate();
});

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Given extends Partial<TransportEvents> {
  readonly host?: string;
  readonly limits?: Partial<StreamLimits>;
}

async function streamOn(kind: 'tcp' | 'tls', given: Given = {}) {
  const clock = new ManualClock();
  const { host = '127.0.0.1', limits = {}, ...events } = given;
  const transport = await openStream({
    host,
    port: 0,
    clock,
    limits,
    onMessage: () => true,
    onUnframed: () => {},
    ...(kind === 'tls' && { tls: { ...own, ca: own.cert } }),
    ...events,
  });
  open.push(async () => {
    const closed = transport.close();
    await clock.advance(1_000);
    await closed;
  });
  return { clock, transport };
}

/** A TCP server that keeps what connects, and does nothing else. */
async function mute(host = '127.0.0.1') {
  const arrived: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    arrived.push(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  open.push(() => {
    for (const socket of arrived) socket.destroy();
    server.close();
  });
  return { server, arrived, port: (server.address() as { port: number }).port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const connection = (server: Server) => once(server, 'connection') as Promise<[Socket]>;
const failureOf = (transport: Transport, to: Parameters<Transport['send']>[1], bytes = Buffer.from('x')) =>
  new Promise<Error>((resolve) => transport.send(bytes, to, resolve));

describe('RFC 3261 8.1.3.1, 18.4 a message that cannot arrive is reported', () => {
  it.each(['tcp', 'tls'] as const)('%s: the connection is refused', async (kind) => {
    const { transport } = await streamOn(kind);
    const error = await failureOf(transport, { address: '127.0.0.1', port: await freePort() });
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tls: the peer takes the connection and says nothing; 5 s later every message that waited has failed', async () => {
    const { transport, clock } = await streamOn('tls');
    const peer = await mute();
    const met = connection(peer.server);
    const to = { address: '127.0.0.1', port: peer.port };
    const failures = Promise.all([failureOf(transport, to), failureOf(transport, to)]);
    await met;
    let isOver = false;
    void failures.then(() => {
      isOver = true;
    });
    await clock.advance(4_000);
    expect(isOver).toBe(false);
    await clock.advance(2_000);
    expect(await failures).toHaveLength(2);
  });

  it('tls: a certificate nobody vouches for, and one for another host', async () => {
    const { transport } = await streamOn('tls');
    const other = makeCertificate({ names: ['DNS:elsewhere.test'] });
    const { transport: stranger } = await streamOn('tls');
    const to = { address: '127.0.0.1', port: stranger.local.port };
    expect(await failureOf(transport, { ...to, name: 'sip.test' })).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    (stranger as Awaited<ReturnType<typeof openStream>>).setTlsIdentity(other);
    expect(await failureOf(transport, to)).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('an address of the other family, on a stream and over UDP', async () => {
    const { transport } = await streamOn('tcp');
    const udp = await openUdp({ host: '127.0.0.1', port: 0, onMessage: () => true, monoMs: () => 0 });
    open.push(() => udp.close());
    expect((await failureOf(transport, { address: '::1', port: 9 })).message).toContain('::1');
    expect((await failureOf(udp, { address: '::1', port: 9 })).message).toContain('::1');
  });

  it('18.1.1 a datagram the system does not take', async () => {
    const udp = await openUdp({ host: '127.0.0.1', port: 0, onMessage: () => true, monoMs: () => 0 });
    open.push(() => udp.close());
    expect(await failureOf(udp, { address: '127.0.0.1', port: 9 }, Buffer.alloc(70_000))).toMatchObject({
      code: 'EMSGSIZE',
    });
  });

  it('a closed transport takes nothing', async () => {
    const { transport, clock } = await streamOn('tcp');
    const closed = transport.close();
    await clock.advance(1_000);
    await closed;
    await failureOf(transport, { address: '127.0.0.1', port: 9 });
  });
});

describe('RFC 3261 18.2.2 connections are used again, and replaced where they are lost', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
  ])('%s: two messages share one connection of ours; after its loss the next has a new one', async (host, address) => {
    const { transport } = await streamOn('tcp', { host });
    const peer = await mute(host);
    const to = { address, port: peer.port };
    const first = connection(peer.server);
    transport.send(Buffer.from('one'), to);
    transport.send(Buffer.from('two'), to);
    const [socket] = await first;
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    await expect.poll(() => seen).toBe('onetwo');
    expect(peer.arrived).toHaveLength(1);
    socket.resetAndDestroy();
    // Until our side has heard of the loss a message may still go into the dead connection.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = connection(peer.server);
    transport.send(Buffer.from('three'), to);
    const [next] = await second;
    expect(String((await once(next, 'data'))[0])).toBe('three');
  });

  it('an answer to a connection that is gone goes to the port of its Via, over a new one', async () => {
    const { transport } = await streamOn('tls');
    const heard = Promise.withResolvers<string>();
    const onMessage = (bytes: Uint8Array) => {
      heard.resolve(Buffer.from(bytes).toString());
      return true;
    };
    const { transport: peer } = await streamOn('tls', { onMessage });
    const answer = 'SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n';
    const reconnect = { address: '127.0.0.1', port: peer.local.port };
    let failed: Error | undefined;
    transport.send(Buffer.from(answer), { address: '127.0.0.1', port: 1, reconnect }, (error) => {
      failed = error;
    });
    expect([await heard.promise, failed]).toEqual([answer, undefined]);
  });
});

describe('keep-alives', () => {
  it('RFC 5626 3.5.2 STUN is answered on the SIP port, over IPv4 and IPv6, and is no SIP message', async () => {
    for (const [host, type] of [
      ['127.0.0.1', 'udp4'],
      ['::1', 'udp6'],
    ] as const) {
      const messages: Uint8Array[] = [];
      const udp = await openUdp({ host, port: 0, onMessage: (bytes) => messages.push(bytes) > 0, monoMs: () => 0 });
      const phone = createSocket(type).bind(0, host);
      open.push(
        () => udp.close(),
        () => phone.close(),
      );
      await once(phone, 'listening');
      phone.send(Buffer.from('000100002112a442000000000000000000000000', 'hex'), udp.local.port, host);
      const [answer] = (await once(phone, 'message')) as [Buffer];
      expect(answer.readUInt16BE(0)).toBe(0x0101);
      expect(answer.readUInt16BE(26) ^ 0x2112).toBe(phone.address().port);
      expect(messages).toEqual([]);
    }
  });

  it.skipIf(process.platform !== 'linux')(
    'TCP asks quiet peers whether they are there, on both ends’ connections',
    async () => {
      const { transport } = await streamOn('tcp');
      const caller = connect({ host: '127.0.0.1', port: transport.local.port });
      open.push(() => caller.destroy());
      await once(caller, 'connect');
      const peer = await mute();
      const met = connection(peer.server);
      transport.send(Buffer.from('x'), { address: '127.0.0.1', port: peer.port });
      await met;
      // The kernel's timer of a socket: 02 is keep-alive, and `when` counts in hundredths of a second.
      const timers = () =>
        readFileSync('/proc/net/tcp', 'utf8')
          .split('\n')
          .map((line) => line.trim().split(/\s+/))
          .filter((field) => field[3] === '01')
          .map((field) => ({ local: portOf(field[1]), remote: portOf(field[2]), timer: field[5] ?? '' }));
      const seconds = ({ timer }: { readonly timer: string }) => Number.parseInt(timer.slice(3), 16) / 100;
      const kept = () =>
        timers().filter(
          (one) =>
            (one.local === transport.local.port || one.remote === peer.port) &&
            one.timer.startsWith('02:') &&
            seconds(one) <= 31,
        );
      await expect.poll(() => kept().length).toBe(2);
    },
  );

  it('a quiet connection is closed after its time, one that a call goes over is not', async () => {
    const inUse = new Set<string>();
    const { transport, clock } = await streamOn('tcp', { limits: { idleMs: 60_000 }, flowsInUse: () => inUse });
    const pinged = async () => {
      const socket = connect({ host: '127.0.0.1', port: transport.local.port });
      open.push(() => socket.destroy());
      socket.write('\r\n\r\n');
      expect(String((await once(socket, 'data'))[0])).toBe('\r\n');
      return socket.resume();
    };
    const [busy, quiet] = [await pinged(), await pinged()];
    inUse.add(flowKey('tcp', { address: '127.0.0.1', port: busy.localPort! }));
    const gone = once(quiet, 'close');
    await clock.advance(120_000);
    await gone;
    expect(busy.destroyed).toBe(false);
    inUse.clear();
    const over = once(busy, 'close');
    await clock.advance(2_000);
    await over;
  });

  it('where no more connections may be had, one that a call goes over does not make room', async () => {
    const inUse = new Set<string>();
    const limits = { maxConnections: 1 };
    const { transport, clock } = await streamOn('tcp', { limits, flowsInUse: () => inUse });
    const first = connect({ host: '127.0.0.1', port: transport.local.port });
    open.push(() => first.destroy());
    await once(first, 'connect');
    const probe = 'OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n';
    first.write(`${probe}\r\n\r\n`);
    await once(first, 'data');
    inUse.add(flowKey('tcp', { address: '127.0.0.1', port: first.localPort! }));
    await clock.advance(40_000);
    const turnedAway = connect({ host: '127.0.0.1', port: transport.local.port });
    turnedAway.on('error', () => {});
    await once(turnedAway, 'close');
    expect(first.destroyed).toBe(false);
    inUse.clear();
    const second = connect({ host: '127.0.0.1', port: transport.local.port });
    open.push(() => second.destroy());
    first.resume();
    await once(first, 'close');
    second.write('\r\n\r\n');
    await once(second, 'data');
  });
});

describe('strangers on streams', () => {
  const caller = (transport: Transport, text: string | Buffer = '') => {
    const socket = connect({ host: '127.0.0.1', port: transport.local.port });
    socket.on('error', () => {});
    open.push(() => socket.destroy());
    socket.write(text);
    return socket.resume();
  };
  const closed = (socket: Socket) => (socket.destroyed ? Promise.resolve() : once(socket, 'close'));

  it('a flood of pings ends its connection, a ping now and then is answered for good', async () => {
    const { transport, clock } = await streamOn('tcp');
    let flooded = 0;
    const flood = caller(transport, '\r\n\r\n'.repeat(10_000));
    flood.on('data', (pongs: Buffer) => {
      flooded += pongs.length / 2;
    });
    await closed(flood);
    expect(flooded).toBeLessThanOrEqual(20);
    const phone = caller(transport);
    let pongs = 0;
    phone.on('data', (chunk: Buffer) => {
      pongs += chunk.length / 2;
    });
    for (let pings = 1; pings <= 40; pings++) {
      phone.write('\r\n\r\n');
      await expect.poll(() => pongs).toBe(pings);
      await clock.advance(1_000);
    }
    expect(phone.destroyed).toBe(false);
  });

  it.each(['tcp', 'tls'] as const)(
    '%s: connections that end without a message are told of, others not',
    async (kind) => {
      const wasted: number[] = [];
      const { transport } = await streamOn(kind, { onWasted: ({ port }) => wasted.push(port) });
      const idle = caller(transport);
      await once(idle, 'connect');
      const port = idle.localPort;
      idle.destroy();
      await expect.poll(() => wasted).toEqual([port]);
      const probe = 'OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n\r\n\r\n';
      const place = { host: '127.0.0.1', port: transport.local.port };
      const honest = kind === 'tcp' ? connect(place) : connectTls({ ...place, ca: own.cert });
      open.push(() => honest.destroy());
      honest.write(probe);
      await once(honest, 'data');
      honest.destroy();
      const second = caller(transport);
      await once(second, 'connect');
      const { localPort } = second;
      second.destroy();
      await expect.poll(() => wasted).toEqual([port, localPort]);
    },
  );

  it('who is banned meanwhile is cut off, and what they sent at once is not read to its end', async () => {
    let heard = 0;
    const { transport } = await streamOn('tcp', {
      onMessage: () => ++heard > 100,
      heeds: () => heard < 16,
    });
    const flood = caller(transport, 'OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n'.repeat(100));
    await closed(flood);
    expect(heard).toBe(16);
  });

  it('a stranger too many makes the eldest one go, however many connections peers have', async () => {
    const { transport } = await streamOn('tcp', { limits: { maxStrangers: 2 }, onMessage: (bytes) => bytes[0] === 79 });
    const probe = 'OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n';
    const met = async (text: string) => {
      const socket = caller(transport, `${text}\r\n\r\n`);
      await once(socket, 'data');
      return socket;
    };
    const peers = [await met(probe), await met(probe), await met(probe)];
    const strangers = [await met(''), await met(probe.replace('OPTIONS', 'REGISTER'))];
    expect(strangers.filter((socket) => socket.destroyed)).toEqual([]);
    const third = await met('');
    await closed(strangers[0]!);
    expect([...peers, strangers[1]!, third].filter((socket) => socket.destroyed)).toEqual([]);
  });

  it('TLS handshakes that stand still make room for one that goes on', async () => {
    const { transport } = await streamOn('tls');
    const still = Array.from({ length: 510 }, () => caller(transport));
    await expect.poll(() => still.filter((socket) => socket.destroyed).length).toBeGreaterThan(8);
    expect(still.filter((socket) => socket.destroyed).length).toBeLessThan(20);
    const honest = connectTls({ host: '127.0.0.1', port: transport.local.port, ca: own.cert });
    open.push(() => honest.destroy());
    honest.write('\r\n\r\n');
    expect(String((await once(honest, 'data'))[0])).toBe('\r\n');
  });
});

const portOf = (place: string | undefined): number => Number.parseInt(place?.split(':')[1] ?? '', 16);
