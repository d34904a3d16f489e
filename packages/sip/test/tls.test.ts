import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { type Certificate, makeCertificate } from '@pickup/testkit/certificate';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  buildResponse,
  createSipServer,
  headerValue,
  type IncomingInvite,
  type ServerOptions,
  type SipRequest,
} from '../src/index.ts';
import { offerSdp } from './bench-peer.ts';
import { phoneOn, statusOf, streamRequest } from './tcp-phone.ts';

let ours: Certificate;
let theirs: Certificate;
let impostor: Certificate;
beforeAll(() => {
  ours = makeCertificate();
  theirs = makeCertificate();
  impostor = makeCertificate({ names: ['IP:127.0.0.77'] });
});

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve({ ca, ...more }: { readonly ca?: string } & Partial<ServerOptions> = {}) {
  const clock = new ManualClock();
  const invites: IncomingInvite[] = [];
  const server = await createSipServer({
    clock,
    random: () => randomBytes(8).toString('hex'),
    listeners: [{ transport: 'tls', host: '127.0.0.1', port: 0, ...ours, ca: ca ?? [theirs.cert, impostor.cert] }],
    admit: () => 'accept',
    onInvite: (invite) => void invites.push(invite),
    locate: async (target) => [{ transport: 'tls', address: '127.0.0.1', port: target.port ?? 5061 }],
    ...more,
  });
  open.push(async () => {
    const closed = server.close();
    await clock.advance(1_000);
    await closed;
  });
  return { clock, invites, server, port: server.addresses[0]!.port };
}

async function phoneTo(port: number) {
  const socket = connect({ host: '127.0.0.1', port, ca: ours.cert });
  await once(socket, 'secureConnect');
  open.push(() => socket.destroy());
  return phoneOn(socket);
}

/** A TLS peer that waits for connections. */
async function peerWith(identity: Certificate) {
  const arrived: TLSSocket[] = [];
  const server = createServer({ key: identity.key, cert: identity.cert }, (socket) => void arrived.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    for (const socket of arrived) socket.destroy();
    server.close();
  });
  return { server, arrived, port: (server.address() as { port: number }).port };
}

const closed = (socket: Socket) => (socket.closed ? Promise.resolve() : once(socket, 'close'));

describe('RFC 3261 26.2 SIP over TLS', () => {
  it('a call: Contact with transport=tls, our BYE over the same connection', async () => {
    const { port, invites } = await serve();
    const phone = await phoneTo(port);
    phone.write(streamRequest('INVITE', { port: 5999, transport: 'TLS', body: offerSdp }));
    expect(statusOf(await phone.next())).toBe(100);
    expect(invites[0]!.source.transport).toBe('tls');
    const dialog = invites[0]!.accept({ sdp: offerSdp })!;
    expect(headerValue(await phone.next(), 'contact')).toBe(`<sip:127.0.0.1:${port};transport=tls>`);
    phone.write(
      streamRequest('ACK', { port: 5999, transport: 'TLS', toTag: invites[0]!.toTag, branch: 'z9hG4bK-ack' }),
    );
    const ended = dialog.bye();
    const bye = (await phone.next()) as SipRequest;
    expect(headerValue(bye, 'via')).toContain(`SIP/2.0/TLS 127.0.0.1:${port};branch=`);
    phone.write(buildResponse(bye, 200));
    await ended;
  });

  it('12.1.1 a call to a sips: URI gets a sips: Contact', async () => {
    const { port, invites } = await serve();
    const phone = await phoneTo(port);
    const uri = 'sips:+15551234567@127.0.0.1';
    phone.write(streamRequest('INVITE', { port: 5999, transport: 'TLS', uri, body: offerSdp }));
    expect(statusOf(await phone.next())).toBe(100);
    invites[0]!.provisional(180);
    expect(headerValue(await phone.next(), 'contact')).toBe(`<sips:127.0.0.1:${port}>`);
  });

  it('TLS 1.1 is refused, 1.2 is spoken', async () => {
    const { port } = await serve();
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const old = connect({
      host: '127.0.0.1',
      port,
      ca: ours.cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers,
    });
    const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/);
    const current = connect({ host: '127.0.0.1', port, ca: ours.cert, maxVersion: 'TLSv1.2' });
    await once(current, 'secureConnect');
    expect(current.getProtocol()).toBe('TLSv1.2');
    current.destroy();
  });

  it('a renewed identity is shown to the next peer, and connections that are open go on', async () => {
    const { port, server } = await serve();
    const phone = await phoneTo(port);
    expect(() => server.setTlsIdentity({ key: theirs.key, cert: impostor.cert })).toThrow();
    server.setTlsIdentity(theirs);
    phone.write(streamRequest('OPTIONS', { port: 9, transport: 'TLS' }));
    expect(statusOf(await phone.next())).toBe(200);
    const next = connect({ host: '127.0.0.1', port, ca: theirs.cert });
    await once(next, 'secureConnect');
    expect(next.getPeerCertificate().raw).toEqual(new X509Certificate(theirs.cert).raw);
    next.destroy();
  });

  it('what is no TLS is cut off and harms nobody', async () => {
    const { port } = await serve();
    const plain = connectTcp({ host: '127.0.0.1', port });
    plain.on('error', () => {});
    await once(plain, 'connect');
    plain.write('OPTIONS sip:a@b SIP/2.0\r\n\r\n');
    plain.resume();
    await closed(plain);
    const phone = await phoneTo(port);
    phone.write(streamRequest('OPTIONS', { port: 9, transport: 'TLS' }));
    expect(statusOf(await phone.next())).toBe(200);
  });

  it('18.2.2 a lost connection is replaced where the certificate names the peer, and only there', async () => {
    const { port, invites } = await serve();
    const [right, wrong] = [await peerWith(theirs), await peerWith(impostor)];
    for (const peer of [wrong, right]) {
      const phone = await phoneTo(port);
      const branch = `z9hG4bK-${peer.port}`;
      phone.write(
        streamRequest('INVITE', { port: peer.port, transport: 'TLS', branch, seq: invites.length + 1, body: offerSdp }),
      );
      expect(statusOf(await phone.next())).toBe(100);
      phone.socket.destroy();
    }
    const probe = await phoneTo(port);
    probe.write('\r\n\r\n');
    await once(probe.socket, 'data');
    const met = once(wrong.server, 'connection') as Promise<[Socket]>;
    invites[0]!.refuse(486);
    const [attempt] = await met;
    await closed(attempt);
    const welcomed = once(right.server, 'secureConnection') as Promise<[TLSSocket]>;
    invites[1]!.refuse(486);
    const [socket] = await welcomed;
    expect(statusOf(await phoneOn(socket).next())).toBe(486);
    // The impostor's handshake was broken off before a byte of SIP.
    expect(wrong.arrived.reduce((sum, one) => sum + one.bytesRead, 0)).toBe(0);
  });

  it.each([
    ['a DNS name', ['DNS:pbx.test'], true],
    ['a URI of its SIP domain (RFC 5922 7.1)', ['URI:sip:pbx.test'], true],
    ['another name', ['DNS:other.test'], false],
    ['a user of the domain only', ['URI:sip:alice@pbx.test'], false],
    ['the address it was found at, not the name', ['IP:127.0.0.1'], false],
  ])('our BYE to a Contact by name, over a new connection: the certificate has %s', async (_what, names, isTaken) => {
    const certificate = makeCertificate({ names });
    const { port, invites, clock } = await serve({ ca: certificate.cert });
    const peer = await peerWith(certificate);
    const phone = await phoneTo(port);
    const contact = [['Contact', `<sip:caller@pbx.test:${peer.port};transport=tls>`]] as const;
    const request = { port: 5999, transport: 'TLS', headers: contact, contact: false };
    phone.write(streamRequest('INVITE', { ...request, body: offerSdp }));
    expect(statusOf(await phone.next())).toBe(100);
    const dialog = invites[0]!.accept({ sdp: offerSdp })!;
    await phone.next();
    const acknowledged = new Promise<void>((resolve) => dialog.onAck(() => resolve()));
    phone.write(streamRequest('ACK', { ...request, toTag: invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    await acknowledged;
    phone.socket.destroy();
    const probe = await phoneTo(port);
    probe.write('\r\n\r\n');
    await once(probe.socket, 'data');
    const welcomed = once(peer.server, 'secureConnection') as Promise<[TLSSocket]>;
    const met = once(peer.server, 'connection') as Promise<[Socket]>;
    const ended = dialog.bye();
    const [raw] = await met;
    if (!isTaken) {
      await closed(raw);
      // Reported at once: nothing waits for 64·T1.
      await ended;
      expect(peer.arrived.reduce((sum, one) => sum + one.bytesRead, 0)).toBe(0);
      return;
    }
    const answering = phoneOn((await welcomed)[0]);
    const bye = (await answering.next()) as SipRequest;
    expect(bye).toMatchObject({ method: 'BYE', uri: `sip:caller@pbx.test:${peer.port};transport=tls` });
    answering.write(buildResponse(bye, 200));
    await ended;
    await clock.advance(1);
  });

  it('a banned stranger is cut off before the handshake', async () => {
    const { port } = await serve({ heeds: () => false });
    const socket = connect({ host: '127.0.0.1', port, ca: ours.cert });
    let isSecure = false;
    socket.on('secureConnect', () => {
      isSecure = true;
    });
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
    expect(isSecure).toBe(false);
  });
});
