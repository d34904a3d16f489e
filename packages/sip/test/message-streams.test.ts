/** Texts over TLS and over IPv6, on real sockets: the reply goes the way the text came. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { makeCertificate } from '@pickup/testkit/certificate';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, expect, it } from 'vitest';
import {
  buildRequest,
  buildResponse,
  createSipServer,
  headerValue,
  type IncomingMessage,
  type Listener,
  parseMessage,
  type SipRequest,
  serializeMessage,
} from '../src/index.ts';
import { phoneOn } from './tcp-phone.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(listener: Listener) {
  const clock = new ManualClock();
  const taken: IncomingMessage[] = [];
  const server = await createSipServer({
    clock,
    random: () => randomBytes(8).toString('hex'),
    listeners: [listener],
    admit: () => 'accept',
    onInvite: () => {},
    onMessage(message) {
      taken.push(message);
      message.answer({ status: 202 });
    },
  });
  open.push(async () => {
    const closed = server.close();
    await clock.advance(1_000);
    await closed;
  });
  return { server, taken, port: server.addresses[0]!.port };
}

const text = (transport: string, host: string, port: number): SipRequest =>
  buildRequest({
    method: 'MESSAGE',
    uri: `sip:+15551234567@${host}`,
    headers: [
      ['Via', `SIP/2.0/${transport} ${host}:${port};branch=z9hG4bK-text;rport`],
      ['Max-Forwards', '70'],
      ['From', `<sip:+15557654321@${host}>;tag=caller`],
      ['To', `<sip:+15551234567@${host}>`],
      ['Call-ID', 'text-1'],
      ['CSeq', '1 MESSAGE'],
    ],
    body: 'Hello',
    contentType: 'text/plain',
  });

it('over TLS the reply uses the connection the text came by, and no other', async () => {
  const identity = makeCertificate();
  const { server, taken, port } = await serve({ transport: 'tls', host: '127.0.0.1', port: 0, ...identity });
  const socket = connect({ host: '127.0.0.1', port, ca: identity.cert });
  await once(socket, 'secureConnect');
  open.push(() => socket.destroy());
  const phone = phoneOn(socket);
  // Nobody listens at the port of its Via.
  phone.write(text('TLS', '127.0.0.1', 9));
  expect(await phone.next()).toMatchObject({ kind: 'response', status: 202 });
  const end = server.sendMessage({ memo: taken[0]!.memo, text: 'x'.repeat(5_000), id: 'part-1' });
  const reply = (await phone.next()) as SipRequest;
  expect(reply).toMatchObject({ kind: 'request', method: 'MESSAGE' });
  expect(reply.uri).toBe('sip:+15557654321@127.0.0.1:9;transport=tls');
  expect(headerValue(reply, 'via')).toMatch(/^SIP\/2.0\/TLS /);
  phone.write(buildResponse(reply, 200));
  expect(await end).toMatchObject({ end: 'answered', status: 200 });
});

it('over IPv6 as well, with the address in brackets', async () => {
  const { server, taken, port } = await serve({ transport: 'udp', host: '::1', port: 0 });
  const phone = createSocket('udp6').bind(0, '::1');
  await once(phone, 'listening');
  open.push(() => phone.close());
  const own = phone.address().port;
  const next = async () => {
    const [bytes] = (await once(phone, 'message')) as [Buffer];
    const parsed = parseMessage(bytes);
    if (!parsed.ok) throw new Error(parsed.reason);
    return parsed.message;
  };
  phone.send(serializeMessage(text('UDP', '[::1]', own)), port, '::1');
  expect(await next()).toMatchObject({ kind: 'response', status: 202 });
  const end = server.sendMessage({ memo: taken[0]!.memo, text: 'Hi', id: 'part-1' });
  const reply = (await next()) as SipRequest;
  expect(reply.uri).toBe(`sip:+15557654321@[::1]:${own}`);
  phone.send(serializeMessage(buildResponse(reply, 200)), port, '::1');
  expect(await end).toMatchObject({ end: 'answered', status: 200 });
});
