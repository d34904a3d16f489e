/** RFC 3261 18.1.1: a request of ours that is too large for a datagram. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import {
  buildResponse,
  createSipServer,
  headerValue,
  headerValues,
  type IncomingInvite,
  parseMessage,
  type SipMessage,
  type SipRequest,
  serializeMessage,
} from '../src/index.ts';
import { offerSdp } from './bench-peer.ts';
import { phoneOn, streamRequest } from './tcp-phone.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve() {
  const clock = new ManualClock();
  const invites: IncomingInvite[] = [];
  const server = await createSipServer({
    clock,
    random: () => randomBytes(8).toString('hex'),
    listeners: [
      { transport: 'udp', host: '127.0.0.1', port: 0 },
      { transport: 'tcp', host: '127.0.0.1', port: 0 },
    ],
    admit: () => 'accept',
    onInvite: (invite) => void invites.push(invite),
  });
  open.push(async () => {
    const closed = server.close();
    await clock.advance(1_000);
    await closed;
  });
  return { clock, invites, port: server.addresses[0]!.port };
}

/** A proxy's UDP socket, whose port is free for TCP too. */
async function proxySocket() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.push(() => socket.close());
  const inbox: SipMessage[] = [];
  socket.on('message', (bytes) => {
    const parsed = parseMessage(bytes);
    if (parsed.ok) inbox.push(parsed.message);
  });
  const next = async () => {
    await expect.poll(() => inbox.length).toBeGreaterThan(0);
    return inbox.shift()!;
  };
  return { socket, port: socket.address().port, inbox, next };
}

const send = (socket: Socket, message: SipMessage, port: number) =>
  socket.send(serializeMessage(message), port, '127.0.0.1');

/** A call over UDP through so many proxies that a BYE has to name all of them. */
async function answeredCall(proxies: number) {
  const { invites, port, clock } = await serve();
  const proxy = await proxySocket();
  const routes = Array.from(
    { length: proxies },
    (_, at) => ['Record-Route', `<sip:127.0.0.1:${proxy.port};lr;hop=${at}-${'x'.repeat(40)}>`] as const,
  );
  const via = { port: proxy.port, transport: 'UDP' };
  send(proxy.socket, streamRequest('INVITE', { ...via, headers: routes, body: offerSdp }), port);
  await proxy.next();
  const dialog = invites[0]!.accept({ sdp: offerSdp })!;
  await proxy.next();
  const acknowledged = new Promise<void>((resolve) => dialog.onAck(() => resolve()));
  send(proxy.socket, streamRequest('ACK', { ...via, toTag: invites[0]!.toTag, branch: 'z9hG4bK-ack' }), port);
  await acknowledged;
  return { dialog, proxy, port, clock };
}

const sizeOf = (message: SipMessage) => serializeMessage(message).length;

describe('RFC 3261 18.1.1 requests of more than 1,300 bytes', () => {
  it('go over TCP where the next hop takes a connection', async () => {
    const { dialog, proxy, port } = await answeredCall(20);
    const tcp = createServer().listen(proxy.port, '127.0.0.1');
    await once(tcp, 'listening');
    open.push(() => tcp.close());
    const arrived = once(tcp, 'connection');
    const ended = dialog.bye();
    const phone = phoneOn((await arrived)[0]);
    open.push(() => phone.socket.destroy());
    const bye = (await phone.next()) as SipRequest;
    expect(sizeOf(bye)).toBeGreaterThan(1_300);
    expect(headerValue(bye, 'via')).toContain(`SIP/2.0/TCP 127.0.0.1:${port};`);
    phone.write(buildResponse(bye, 200));
    await ended;
    expect(proxy.inbox).toEqual([]);
  });

  it('go over UDP after all where it refuses, with a higher CSeq', async () => {
    const { dialog, proxy, port } = await answeredCall(20);
    const ended = dialog.bye();
    const bye = (await proxy.next()) as SipRequest;
    expect(sizeOf(bye)).toBeGreaterThan(1_300);
    expect(headerValue(bye, 'via')).toContain(`SIP/2.0/UDP 127.0.0.1:${port};`);
    expect(headerValues(bye, 'route')).toHaveLength(20);
    send(proxy.socket, buildResponse(bye, 200), port);
    await ended;
  });

  it('smaller ones never try a connection', async () => {
    const { dialog, proxy, port } = await answeredCall(1);
    let connections = 0;
    const tcp = createServer(() => connections++).listen(proxy.port, '127.0.0.1');
    await once(tcp, 'listening');
    open.push(() => tcp.close());
    const ended = dialog.bye();
    const bye = (await proxy.next()) as SipRequest;
    expect(sizeOf(bye)).toBeLessThan(1_300);
    send(proxy.socket, buildResponse(bye, 200), port);
    await ended;
    expect(connections).toBe(0);
  });
});
