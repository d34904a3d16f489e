import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import {
  buildResponse,
  createSipServer,
  type Dialog,
  headerValue,
  type IncomingInvite,
  type ServerOptions,
  type SipRequest,
  type SipServer,
} from '../src/index.ts';
import { offerSdp } from './bench-peer.ts';
import { callingPhone, listeningPhone, statusOf, streamRequest, type TcpPhone } from './tcp-phone.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(more: Partial<ServerOptions> = {}) {
  const clock = new ManualClock();
  const invites: IncomingInvite[] = [];
  const server = await createSipServer({
    clock,
    random: () => randomBytes(8).toString('hex'),
    listeners: [{ transport: 'tcp', host: '127.0.0.1', port: 0 }],
    admit: () => 'accept',
    onInvite: (invite) => void invites.push(invite),
    ...more,
  });
  open.push(async () => {
    const closed = server.close();
    await clock.advance(1_000);
    await closed;
  });
  return { clock, server, invites, port: server.addresses.at(-1)!.port };
}

async function phoneTo(port: number): Promise<TcpPhone> {
  const phone = await callingPhone(port);
  open.push(() => phone.socket.destroy());
  return phone;
}

async function listener() {
  const listening = await listeningPhone();
  open.push(() => listening.server.close());
  return listening;
}

const statuses = async (phone: TcpPhone, count: number) => {
  const seen: (number | string)[] = [];
  for (let i = 0; i < count; i++) seen.push(statusOf(await phone.next()));
  return seen;
};

/** One call up to its ACK. */
async function answered(phone: TcpPhone, invites: readonly IncomingInvite[], contactPort: number): Promise<Dialog> {
  phone.write(streamRequest('INVITE', { port: contactPort, body: offerSdp }));
  expect(await statuses(phone, 1)).toEqual([100]);
  const dialog = invites[0]!.accept({ sdp: offerSdp })!;
  expect(await statuses(phone, 1)).toEqual([200]);
  const acknowledged = new Promise<void>((resolve) => dialog.onAck(() => resolve()));
  phone.write(streamRequest('ACK', { port: contactPort, toTag: invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
  await acknowledged;
  return dialog;
}

const closed = (socket: Socket) => (socket.closed ? Promise.resolve() : once(socket, 'close'));

describe('RFC 3261 18 SIP over TCP', () => {
  it('a call on one connection: Via, Contact with transport=tcp, our BYE the same way', async () => {
    const { invites, port } = await serve();
    const phone = await phoneTo(port);
    phone.write(streamRequest('INVITE', { port: 5999, body: offerSdp }));
    expect(await statuses(phone, 1)).toEqual([100]);
    expect(invites[0]!.source).toEqual({ address: '127.0.0.1', port: phone.port, transport: 'tcp' });
    const dialog = invites[0]!.accept({ sdp: offerSdp })!;
    const ok = await phone.next();
    expect(headerValue(ok, 'contact')).toBe(`<sip:127.0.0.1:${port};transport=tcp>`);
    phone.write(streamRequest('ACK', { port: 5999, toTag: invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    // The Contact names port 5999, where nobody listens: the open connection serves.
    const ended = dialog.bye();
    const bye = (await phone.next()) as SipRequest;
    expect(bye).toMatchObject({ method: 'BYE', uri: 'sip:caller@127.0.0.1:5999;transport=tcp' });
    expect(headerValue(bye, 'via')).toMatch(new RegExp(`^SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK`));
    phone.write(buildResponse(bye, 200));
    await ended;
  });

  it('18.3 two messages in one segment, one in many, bodies by their length', async () => {
    const { port, server } = await serve();
    const phone = await phoneTo(port);
    const options = (seq: number) =>
      `OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-o${seq}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: o${seq}\r\nCSeq: ${seq} OPTIONS\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nx\r\n\r\nyz`;
    phone.write(options(1) + options(2));
    expect(await statuses(phone, 2)).toEqual([200, 200]);
    const third = options(3);
    for (let at = 0; at < third.length; at += 40) {
      phone.write(third.slice(at, at + 40));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await statuses(phone, 1)).toEqual([200]);
    expect(server.stats()).toMatchObject({ received: 3, malformed: 0 });
  });

  it('18.3 a request without Content-Length is 400, and the connection ends', async () => {
    const { port, server } = await serve();
    const phone = await phoneTo(port);
    phone.write(
      'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n\r\n',
    );
    expect(await phone.next()).toMatchObject({ status: 400, reason: 'Missing Content-Length' });
    await closed(phone.socket);
    expect(server.stats().malformed).toBe(1);
  });

  it('RFC 5626 4.4.1 a double CRLF is answered with CRLF', async () => {
    const { port } = await serve();
    const phone = await phoneTo(port);
    phone.write('\r\n\r\n');
    await once(phone.socket, 'data');
    expect(phone.pongs()).toBe(1);
  });

  it('17.2.1 a refusal is not repeated on a stream, and a request transaction ends at once', async () => {
    const { port, invites, clock, server } = await serve();
    const phone = await phoneTo(port);
    phone.write(streamRequest('INVITE', { port: 5999, body: offerSdp }));
    expect(await statuses(phone, 1)).toEqual([100]);
    invites[0]!.refuse(603);
    expect(await statuses(phone, 1)).toEqual([603]);
    await clock.advance(10_000);
    phone.write(streamRequest('OPTIONS', { port: 5999, branch: 'z9hG4bK-o', seq: 9 }));
    expect(await statuses(phone, 1)).toEqual([200]);
    phone.write(streamRequest('ACK', { port: 5999, toTag: invites[0]!.toTag, branch: 'z9hG4bK-INVITE' }));
    phone.write('\r\n\r\n');
    await once(phone.socket, 'data');
    await clock.advance(1);
    expect(server.stats()).toMatchObject({ transactions: 0, unacknowledged: 0 });
  });
});

describe('C6 a lost connection is no hang-up', () => {
  it('18.2.2 the response goes to the sent-by of the Via, over a new connection', async () => {
    const { port, invites } = await serve();
    const peer = await listener();
    const phone = await phoneTo(port);
    phone.write(streamRequest('INVITE', { port: peer.port, body: offerSdp }));
    expect(await statuses(phone, 1)).toEqual([100]);
    let cancelled = false;
    invites[0]!.onCancel(() => {
      cancelled = true;
    });
    phone.socket.destroy();
    await closed(phone.socket);
    // The server has heard of it once a later connection is answered.
    const probe = await phoneTo(port);
    probe.write('\r\n\r\n');
    await once(probe.socket, 'data');
    expect(cancelled).toBe(false);
    expect(invites[0]!.provisional(180)).toBe(true);
    const again = await peer.next();
    open.push(() => again.socket.destroy());
    expect(await statuses(again, 1)).toEqual([180]);
    invites[0]!.accept({ sdp: offerSdp });
    expect(await statuses(again, 1)).toEqual([200]);
  });

  it('our BYE goes to the Contact over a new connection', async () => {
    const { port, invites } = await serve();
    const peer = await listener();
    const phone = await phoneTo(port);
    const dialog = await answered(phone, invites, peer.port);
    phone.socket.destroy();
    const probe = await phoneTo(port);
    probe.write('\r\n\r\n');
    await once(probe.socket, 'data');
    expect(dialog.ended).toBe(false);
    const ended = dialog.bye();
    const again = await peer.next();
    open.push(() => again.socket.destroy());
    const bye = (await again.next()) as SipRequest;
    expect(bye.method).toBe('BYE');
    again.write(buildResponse(bye, 200));
    await ended;
  });

  it('a peer that refuses the new connection harms nobody', async () => {
    const { port, invites, server } = await serve();
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const nobody = (unused.address() as { port: number }).port;
    await new Promise((resolve) => unused.close(resolve));
    const phone = await phoneTo(port);
    phone.write(streamRequest('INVITE', { port: nobody, body: offerSdp }));
    expect(await statuses(phone, 1)).toEqual([100]);
    phone.socket.destroy();
    const probe = await phoneTo(port);
    probe.write('\r\n\r\n');
    await once(probe.socket, 'data');
    expect(invites[0]!.refuse(486)).toBe(true);
    probe.write(streamRequest('OPTIONS', { port: nobody, branch: 'z9hG4bK-o', seq: 9 }));
    expect(await statuses(probe, 1)).toEqual([200]);
    expect(server.stats().invites).toBe(1);
  });
});

describe('the limits of a stream listener', () => {
  it('a message that drips in, or never comes, is cut off after 20 s; a finished one is not', async () => {
    const { port, clock } = await serve();
    const [silent, slow, fine] = [await phoneTo(port), await phoneTo(port), await phoneTo(port)];
    fine.write(streamRequest('OPTIONS', { port: 9 }));
    expect(await statuses(fine, 1)).toEqual([200]);
    slow.write('OPTIONS sip:a SIP/2.0\r\nTo: ');
    await clock.advance(15_000);
    slow.write('x');
    await clock.advance(6_000);
    await Promise.all([closed(silent.socket), closed(slow.socket)]);
    fine.write('\r\n\r\n');
    await once(fine.socket, 'data');
    await clock.advance(30 * 60_000);
    await closed(fine.socket);
  });

  it('at the cap the connection quiet longest makes room, but none that was used within 32 s', async () => {
    const { port, clock } = await serve({ streams: { maxConnections: 2 } });
    const [first, second] = [await phoneTo(port), await phoneTo(port)];
    for (const phone of [first, second]) {
      phone.write(streamRequest('OPTIONS', { port: 9, branch: `z9hG4bK-${phone.port}` }));
      await phone.next();
    }
    const third = await phoneTo(port);
    await closed(third.socket);
    await clock.advance(40_000);
    second.write('\r\n\r\n');
    await once(second.socket, 'data');
    const fourth = await phoneTo(port);
    await closed(first.socket);
    fourth.write('\r\n\r\n');
    await once(fourth.socket, 'data');
    second.write('\r\n\r\n');
    await once(second.socket, 'data');
  });

  it('A4 strangers make room for peers, however busy they keep their connections', async () => {
    let strangers = true;
    const { port } = await serve({
      streams: { maxConnections: 3 },
      admit: () => (strangers ? 'refuse' : 'accept'),
    });
    const crowd = [await phoneTo(port), await phoneTo(port), await phoneTo(port)];
    for (const phone of crowd) {
      phone.write(streamRequest('OPTIONS', { port: 9, branch: `z9hG4bK-${phone.port}` }));
      expect(await statuses(phone, 1)).toEqual([403]);
    }
    strangers = false;
    for (const [index, stranger] of crowd.entries()) {
      const peer = await phoneTo(port);
      await closed(stranger.socket);
      peer.write(streamRequest('OPTIONS', { port: 9, branch: `z9hG4bK-${peer.port}`, seq: index + 2 }));
      expect(await statuses(peer, 1)).toEqual([200]);
    }
    await closed((await phoneTo(port)).socket);
  });

  it('a peer that does not read is cut off', async () => {
    const { port } = await serve({ streams: { maxUnsentBytes: 10_000 } });
    const phone = await phoneTo(port);
    phone.socket.pause();
    const big = (seq: number) =>
      `OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-f${seq};x=${'y'.repeat(20_000)}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: f${seq}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
    let seq = 0;
    while (!phone.socket.destroyed && seq < 2_000) {
      phone.write(big(++seq));
      await new Promise((resolve) => setImmediate(resolve));
    }
    phone.socket.resume();
    await closed(phone.socket);
    expect(seq).toBeLessThan(2_000);
  });
});

describe('the listeners of one server', () => {
  it('UDP and TCP with port 0 get the same number', async () => {
    const { server } = await serve({
      listeners: [
        { transport: 'udp', host: '127.0.0.1', port: 0 },
        { transport: 'tcp', host: '127.0.0.1', port: 0 },
      ],
    });
    expect(server.addresses.map((address) => address.transport)).toEqual(['udp', 'tcp']);
    expect(new Set(server.addresses.map((address) => address.port)).size).toBe(1);
  });

  it('a TCP port in use is named, and nothing stays open', async () => {
    const { port } = await serve();
    const udpAndTcp = serve({
      listeners: [
        { transport: 'udp', host: '127.0.0.1', port },
        { transport: 'tcp', host: '127.0.0.1', port },
      ],
    });
    await expect(udpAndTcp).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port,
      message: `Cannot listen for SIP on tcp 127.0.0.1:${port}: the port is in use`,
    });
    const again: SipServer = (await serve({ listeners: [{ transport: 'udp', host: '127.0.0.1', port }] })).server;
    expect(again.addresses).toHaveLength(1);
  });
});
