import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import {
  buildRequest,
  createSipServer,
  type HeaderInput,
  headerValue,
  type IncomingInvite,
  type JsonObject,
  parseMessage,
  type ServerOptions,
  type SipMessage,
  type SipServer,
  serializeMessage,
} from '../src/index.ts';
import { offerSdp } from './bench-peer.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const options = (more: Partial<ServerOptions> = {}): ServerOptions => ({
  clock: {
    monoMs: () => performance.now(),
    wallMs: () => Date.now(),
    after(delayMs, fire) {
      const timer = setTimeout(fire, delayMs);
      return () => clearTimeout(timer);
    },
  },
  random: () => Math.random().toString(36).slice(2),
  listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }],
  admit: () => 'accept',
  onInvite: () => {},
  ...more,
});

async function serve(more: Partial<ServerOptions> = {}): Promise<SipServer> {
  const server = await createSipServer(options(more));
  open.push(server);
  return server;
}

/** A bare UDP socket that speaks SIP. */
async function phone(host = '127.0.0.1') {
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  open.push({ close: () => new Promise<void>((resolve) => socket.close(() => resolve())) });
  const inbox: SipMessage[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (bytes) => {
    const parsed = parseMessage(bytes);
    if (parsed.ok) inbox.push(parsed.message);
    for (const wake of waiting.splice(0)) wake();
  });
  const next = async (): Promise<SipMessage> => {
    while (inbox.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    return inbox.shift()!;
  };
  const { port } = socket.address();
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const send = (method: string, to: SipServer, headers: HeaderInput = [], body?: string) => {
    const message = buildRequest({
      method,
      uri: 'sip:+15551234567@example.com',
      headers: [
        ['Via', `SIP/2.0/UDP ${at};branch=z9hG4bK-${method};rport`],
        ['From', '<sip:caller@example.com>;tag=caller'],
        ['To', '<sip:+15551234567@example.com>'],
        ['Call-ID', 'call-1'],
        ['CSeq', `1 ${method}`],
        ['Contact', `<sip:caller@${at}>`],
        ...headers,
      ],
      ...(body === undefined ? {} : { body }),
    });
    socket.send(serializeMessage(message), to.addresses[0]!.port, to.addresses[0]!.host);
  };
  return { next, send, port };
}

const statusOf = (message: SipMessage) => (message.kind === 'response' ? message.status : message.method);

describe('the listeners', () => {
  it('name the port that is in use, and leave nothing open', async () => {
    const first = await serve();
    const { port } = first.addresses[0]!;
    const listeners = [
      { transport: 'udp', host: '127.0.0.1', port: 0 },
      { transport: 'udp', host: '127.0.0.1', port },
    ] as const;
    await expect(createSipServer(options({ listeners }))).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(String(port)),
    });
  });

  it('RFC 5118 a call over IPv6 has its addresses in brackets', async () => {
    const invites: IncomingInvite[] = [];
    const server = await serve({
      listeners: [{ transport: 'udp', host: '::1', port: 0 }],
      onInvite: (invite) => void invites.push(invite),
    });
    const caller = await phone('::1');
    caller.send('INVITE', server, [], offerSdp);
    expect(statusOf(await caller.next())).toBe(100);
    const dialog = invites[0]!.accept({ sdp: offerSdp });
    const answer = await caller.next();
    expect(headerValue(answer, 'contact')).toBe(`<sip:[::1]:${server.addresses[0]!.port}>`);
    expect(headerValue(answer, 'via')).toContain(`received=::1;rport=${caller.port}`);
    expect(dialog).toBeDefined();
  });

  it('the 200 is longer than 1,300 bytes and arrives whole', async () => {
    const server = await serve({
      onInvite: (invite) => void invite.accept({ sdp: `${offerSdp}a=x:${'y'.repeat(3_000)}\r\n` }),
    });
    const caller = await phone();
    caller.send('INVITE', server, [], offerSdp);
    expect(statusOf(await caller.next())).toBe(100);
    expect((await caller.next()).body.length).toBeGreaterThan(3_000);
  });
});

describe('H3 after a crash', () => {
  it('H3 a ringing call is refused from its memo, on the same transaction and tag', async () => {
    let memo: JsonObject = {};
    let toTag = '';
    const first = await createSipServer(
      options({
        onInvite: (invite) => {
          invite.provisional(180);
          toTag = invite.toTag;
          memo = JSON.parse(JSON.stringify(invite.memo));
        },
      }),
    );
    const caller = await phone();
    caller.send('INVITE', first, [], offerSdp);
    expect([statusOf(await caller.next()), statusOf(await caller.next())]).toEqual([100, 180]);
    await first.close();
    const second = await serve({
      listeners: [{ transport: 'udp', host: '127.0.0.1', port: first.addresses[0]!.port }],
    });
    expect(second.recoverRefuse(memo, 500)).toBe(true);
    const refusal = await caller.next();
    expect(statusOf(refusal)).toBe(500);
    expect(headerValue(refusal, 'to')).toContain(`tag=${toTag}`);
    expect(headerValue(refusal, 'via')).toContain('branch=z9hG4bK-INVITE');
    expect(second.recoverRefuse({ nonsense: true }, 500)).toBe(false);
  });

  it('H3 an answered call gets its BYE from its memo', async () => {
    let memo: JsonObject = {};
    const first = await createSipServer(
      options({
        onInvite: (invite) => {
          memo = JSON.parse(JSON.stringify(invite.accept({ sdp: offerSdp })!.memo));
        },
      }),
    );
    const caller = await phone();
    caller.send('INVITE', first, [], offerSdp);
    expect([statusOf(await caller.next()), statusOf(await caller.next())]).toEqual([100, 200]);
    await first.close();
    const second = await serve();
    const settled = second.recoverBye(memo);
    const bye = await caller.next();
    expect(statusOf(bye)).toBe('BYE');
    expect(headerValue(bye, 'call-id')).toBe('call-1');
    expect(headerValue(bye, 'to')).toContain('tag=caller');
    await second.close();
    await settled;
  });
});
