/** What is left when callers vanish, on real sockets with short timers: nothing. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Clock,
  createSipServer,
  type Dialog,
  type IncomingInvite,
  parseMessage,
  type SipMessage,
  type SipServer,
  serializeMessage,
} from '../src/index.ts';
import { invite, offerSdp, request, valueIn } from './bench-peer.ts';

const clock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
/** 64·T1 are 640 ms. */
const timers = { t1Ms: 10, t2Ms: 80, t4Ms: 100 };

let server: SipServer;
let caller: Socket;
const calls: IncomingInvite[] = [];
const heard: SipMessage[] = [];

beforeEach(async () => {
  server = await createSipServer({
    clock,
    timers,
    random: () => randomBytes(12).toString('hex'),
    listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }],
    admit: () => 'accept',
    onInvite: (call) => void calls.push(call),
  });
  caller = createSocket('udp4').bind(0, '127.0.0.1');
  await once(caller, 'listening');
  caller.on('message', (bytes) => {
    const parsed = parseMessage(bytes);
    if (parsed.ok) heard.push(parsed.message);
  });
});
afterEach(async () => {
  caller.close();
  await server.close();
  calls.length = 0;
  heard.length = 0;
});

const send = (message: SipMessage) => caller.send(serializeMessage(message), server.addresses[0]!.port, '127.0.0.1');
const statuses = () => heard.flatMap((message) => (message.kind === 'response' ? [message.status] : []));
const byes = () => heard.filter((message) => message.kind === 'request' && message.method === 'BYE');
const heldBy = () => {
  const { transactions, dialogs } = server.stats();
  return { transactions, dialogs };
};
const nothing = { transactions: 0, dialogs: 0 };

async function until(what: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!what()) {
    if (performance.now() > giveUpAt) throw new Error(`Never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A call that rings. */
async function ring(): Promise<IncomingInvite> {
  send(invite());
  await until(() => calls.length === 1);
  calls[0]?.provisional(180);
  return calls[0]!;
}

describe('case 68 the carrier gives up', () => {
  it('case 68 by CANCEL, and is not heard of again: 487 until 64·T1, then nothing is left', async () => {
    const call = await ring();
    send(request('CANCEL', { branch: 'z9hG4bK-invite' }));
    await until(() => call.cancelled);
    expect(call.refuse(603)).toBe(false);
    expect(call.accept({ sdp: offerSdp })).toBeUndefined();
    await until(() => server.stats().transactions === 0);
    expect(heldBy()).toEqual(nothing);
    expect(server.stats().unacknowledged).toBe(1);
    expect(statuses().filter((status) => status === 487).length).toBeGreaterThan(3);
  });

  it('case 68 in silence: the refusal of ours is repeated for 64·T1, then nothing is left', async () => {
    const call = await ring();
    expect(call.refuse(603)).toBe(true);
    await until(() => server.stats().transactions === 0);
    expect(heldBy()).toEqual(nothing);
  });

  it('case 68 by BYE before the answer: 200, 487, and nothing is left', async () => {
    const call = await ring();
    send(request('BYE', { seq: 2, toTag: call.toTag }));
    await until(() => call.cancelled);
    await until(() => server.stats().transactions === 0);
    expect(heldBy()).toEqual(nothing);
  });
});

describe('C6 who never acknowledges', () => {
  it('C6 no ACK in 64·T1: the 200 is repeated, BYE, and nothing is left though that is not answered either', async () => {
    const call = await ring();
    const dialog: Dialog = call.accept({ sdp: offerSdp })!;
    const answeredAt = performance.now();
    let noAckAfterMs = 0;
    const ends: string[] = [];
    dialog.onNoAck(() => {
      noAckAfterMs = performance.now() - answeredAt;
    });
    dialog.onGone((end) => ends.push(end));
    await until(() => ends.length > 0);
    expect(ends).toEqual(['no-ack']);
    expect(noAckAfterMs).toBeGreaterThan(635);
    expect(noAckAfterMs).toBeLessThan(900);
    expect(statuses().filter((status) => status === 200).length).toBeGreaterThan(5);
    await until(() => server.stats().transactions === 0);
    expect(heldBy()).toEqual(nothing);
  });

  it('C6 our BYE is answered: nothing is left at once but what absorbs repetitions', async () => {
    const call = await ring();
    call.accept({ sdp: offerSdp });
    caller.on('message', (bytes) => {
      const parsed = parseMessage(bytes);
      if (!parsed.ok || parsed.message.kind !== 'request') return;
      const headers = parsed.message.headers.filter(({ key }) =>
        ['via', 'from', 'to', 'call-id', 'cseq'].includes(key),
      );
      send({ kind: 'response', status: 200, reason: 'OK', headers, body: Buffer.alloc(0), charset: 'utf8' });
    });
    await until(() => byes().length > 0);
    expect(valueIn(byes()[0]!, 'cseq')).toBe('1 BYE');
    await until(() => server.stats().dialogs === 0);
    await until(() => server.stats().transactions === 0);
    expect(byes()).toHaveLength(1);
  });

  it('RFC 3262 no PRACK in 64·T1: 504, and nothing is left', async () => {
    send(invite({ headers: [['Require', '100rel']] }));
    await until(() => calls.length === 1);
    calls[0]!.provisional(180);
    await until(() => statuses().includes(504));
    await until(() => server.stats().transactions === 0);
    expect(heldBy()).toEqual(nothing);
  });
});
