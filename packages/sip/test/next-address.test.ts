/** Our BYE to a name, along its SRV records, on real sockets (RFC 3263 4.3). */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createDnsServer, type DnsServer } from '@pickup/testkit/dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildResponse,
  type Clock,
  createSipServer,
  type IncomingInvite,
  parseMessage,
  type SipRequest,
  type SipServer,
  serializeMessage,
} from '../src/index.ts';
import { createLocate, DnsNames } from '../src/locate/index.ts';
import { ack, invite, offerSdp } from './bench-peer.ts';

const clock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
const t1Ms = 20;

let dns: DnsServer;
let server: SipServer;
const sockets: Socket[] = [];
const calls: IncomingInvite[] = [];

beforeEach(async () => {
  dns = await createDnsServer();
  server = await createSipServer({
    clock,
    timers: { t1Ms, t2Ms: 160, t4Ms: 200 },
    random: () => randomBytes(12).toString('hex'),
    listeners: [
      { transport: 'udp', host: '127.0.0.1', port: 0 },
      { transport: 'tcp', host: '127.0.0.1', port: 0 },
    ],
    locate: createLocate({ clock, names: new DnsNames({ clock, servers: [dns.address] }), draw: () => 0 }),
    admit: () => 'accept',
    onInvite: (call) => void calls.push(call),
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  calls.length = 0;
  await server.close();
  await dns.close();
});

/** A peer on any port; what it is sent is answered with `status`, or with silence. */
async function peer(status?: number) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  sockets.push(socket);
  const heard: SipRequest[] = [];
  socket.on('message', (bytes, from) => {
    const parsed = parseMessage(bytes);
    if (!parsed.ok || parsed.message.kind !== 'request') return;
    heard.push(parsed.message);
    if (status === undefined) return;
    socket.send(serializeMessage(buildResponse(parsed.message, status)), from.port, from.address);
  });
  return { heard, port: socket.address().port, socket };
}

/** A TCP port that nobody listens on. */
async function deadPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Answers a call whose Contact is a name, and hangs up; resolves with how long that took. */
async function hangUp(): Promise<number> {
  const { socket } = await peer();
  const plain = invite();
  const headers = plain.headers.map((line) =>
    line.key === 'contact' ? { ...line, value: '<sip:caller@pbx.example.test>' } : line,
  );
  const to = server.addresses[0]!.port;
  socket.send(serializeMessage({ ...plain, headers }), to, '127.0.0.1');
  while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const dialog = calls[0]!.accept({ sdp: offerSdp })!;
  const acknowledged = new Promise<void>((resolve) => dialog.onAck(() => resolve()));
  socket.send(serializeMessage(ack({ toTag: calls[0]!.toTag, branch: 'z9hG4bK-ack' })), to, '127.0.0.1');
  await acknowledged;
  const startMs = performance.now();
  await dialog.bye();
  return performance.now() - startMs;
}

const target = (transport: 'udp' | 'tcp', priority: number, port: number) =>
  [
    `_sip._${transport}.pbx.example.test`,
    { type: 'SRV', priority, weight: 0, port, target: 'a.example.test' },
  ] as const;

describe('RFC 3263 4.3 fail-over of our BYE', () => {
  beforeEach(() => dns.set('a.example.test', 'A', [{ type: 'A', address: '127.0.0.1' }]));

  it('the one of the better priority says nothing for 8·T1: the other', async () => {
    const [silent, other] = [await peer(), await peer(200)];
    const [name, first] = target('udp', 10, silent.port);
    dns.set(name, 'SRV', [target('udp', 20, other.port)[1], first]);
    const tookMs = await hangUp();
    expect(tookMs).toBeGreaterThan(8 * t1Ms - 5);
    expect(silent.heard.length).toBeGreaterThan(1);
    expect(other.heard.map(({ method }) => method)).toEqual(['BYE']);
    expect(dns.questions).toContain('NAPTR pbx.example.test');
  });

  it('the first says 503: the other, at once', async () => {
    const [busy, other] = [await peer(503), await peer(200)];
    const [name, first] = target('udp', 10, busy.port);
    dns.set(name, 'SRV', [first, target('udp', 20, other.port)[1]]);
    expect(await hangUp()).toBeLessThan(8 * t1Ms);
    expect([busy.heard.length, other.heard.length]).toEqual([1, 1]);
  });

  it('nobody takes connections where NAPTR prefers TCP: UDP, at once', async () => {
    const other = await peer(200);
    const naptr = { type: 'NAPTR', preference: 1, flags: 's' } as const;
    const [tcpName, refused] = target('tcp', 10, await deadPort());
    const [udpName, taken] = target('udp', 10, other.port);
    dns.set('pbx.example.test', 'NAPTR', [
      { ...naptr, order: 20, service: 'SIP+D2U', replacement: udpName },
      { ...naptr, order: 10, service: 'SIP+D2T', replacement: tcpName },
    ]);
    dns.set(tcpName, 'SRV', [refused]);
    dns.set(udpName, 'SRV', [taken]);
    expect(await hangUp()).toBeLessThan(8 * t1Ms);
    expect(other.heard.map(({ method }) => method)).toEqual(['BYE']);
  });
});
