import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  buildAnswer,
  buildOffer,
  type Clock,
  chooseCodec,
  createSipServer,
  type IncomingInvite,
  type ServerOptions,
  type SipServer,
  type TraceLine,
} from '../src/index.ts';
import { hasSipp, killSipp, runSipp } from './sipp.ts';

const clock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

let server: SipServer | undefined;
const trace: TraceLine[] = [];

afterEach(async () => {
  killSipp();
  await server?.close();
  server = undefined;
  trace.length = 0;
});

async function serve(onInvite: (invite: IncomingInvite) => void, more: Partial<ServerOptions> = {}): Promise<string> {
  server = await createSipServer({
    clock,
    random: () => randomBytes(12).toString('hex'),
    listeners: [
      { transport: 'udp', host: '127.0.0.1', port: 0 },
      { transport: 'tcp', host: '127.0.0.1', port: 0 },
    ],
    userAgent: 'Pickup/test',
    admit: (source) => (source.address === '127.0.0.1' ? 'accept' : 'drop'),
    onInvite,
    onTrace: (line) => trace.push(line),
    ...more,
  });
  return `127.0.0.1:${server.addresses[0]?.port}`;
}

const faster = (times: number): Pick<Clock, 'monoMs' | 'after'> => ({
  monoMs: () => performance.now() * times,
  after: (delayMs, fire) => clock.after(delayMs / times, fire),
});

function answer(invite: IncomingInvite) {
  const choice = invite.offer && chooseCodec(invite.offer);
  if (!invite.offer || !choice) throw new Error('SIPp always offers PCMU');
  const sdp = buildAnswer(invite.offer, choice, { address: '127.0.0.1', port: 20_000, sessionId: '1' });
  return invite.accept({ sdp });
}

describe.skipIf(!hasSipp()).each([
  ['UDP', 'u1'],
  ['TCP, one connection', 't1'],
  ['TCP, a connection per call', 'tn'],
] as const)('with SIPp as the caller over %s', (_name, over) => {
  it('200 calls at 100/s: INVITE, 180, 200, ACK, BYE, with Record-Route kept', async () => {
    let byes = 0;
    const target = await serve((invite) => {
      invite.provisional(180);
      setImmediate(() => answer(invite)?.onBye(() => byes++));
    });
    const { code, output } = await runSipp({ scenario: 'answered', target, calls: 200, perSecond: 100, over });
    expect(code, output).toBe(0);
    expect(byes).toBe(200);
    expect(server?.stats()).toMatchObject({ invites: 200, dialogs: 0, malformed: 0, unacknowledged: 0 });
  });

  it('RFC 3261 14.2, RFC 3311 hold by re-INVITE, an offer asked for, UPDATE: each answered by direction', async () => {
    const answers: (string | undefined)[] = [];
    const target = await serve((invite) => {
      invite.provisional(180);
      const dialog = answer(invite);
      const endpoint = { address: '127.0.0.1', port: 20_000, sessionId: '1' };
      dialog?.onOffer((offer) => {
        const choice = chooseCodec(offer);
        return choice && buildAnswer(offer, choice, { ...endpoint, version: 2 });
      });
      dialog?.onOfferWanted(() => buildOffer({ ...endpoint, version: 3 }));
      dialog?.onAnswer((sdp) => void answers.push(sdp?.audio?.direction));
    });
    const { code, output } = await runSipp({ scenario: 'held', target, calls: 20, perSecond: 50, over });
    expect(code, output).toBe(0);
    expect(answers).toEqual(Array.from({ length: 20 }, () => 'sendrecv'));
    expect(server?.stats().dialogs).toBe(0);
  });

  it('RFC 3262 a caller that requires 100rel: 180 with RSeq, PRACK, 200', async () => {
    const target = await serve((invite) => {
      invite.provisional(180);
      setTimeout(() => answer(invite), 300);
    });
    const { code, output } = await runSipp({ scenario: 'reliable', target, calls: 20, perSecond: 50, over });
    expect(code, output).toBe(0);
    expect(server?.stats().dialogs).toBe(0);
  });

  it('RFC 3262 5 and makes no offer: ours in the 180, the answer in the PRACK', async () => {
    const answers: (string | undefined)[] = [];
    const target = await serve((invite) => {
      const sdp = buildOffer({ address: '127.0.0.1', port: 20_000, sessionId: '1' });
      invite.onAnswer((sdp) => void answers.push(sdp?.audio?.direction));
      invite.provisional(180, { sdp });
      setTimeout(() => invite.accept({ sdp }), 300);
    });
    const { code, output } = await runSipp({ scenario: 'reliable-delayed', target, calls: 20, perSecond: 50, over });
    expect(code, output).toBe(0);
    expect(answers).toEqual(Array.from({ length: 20 }, () => 'sendrecv'));
    expect(server?.stats().dialogs).toBe(0);
  });

  it('RFC 4028 7.4 our re-INVITE keeps the session of a caller that takes no UPDATE', async () => {
    // Sessions cannot be agreed on for less than 90 s: time goes 30 times as fast, that of repetitions as ever.
    const target = await serve(
      (invite) => {
        invite.provisional(180);
        answer(invite);
      },
      { clock: { ...clock, ...faster(30) }, timers: { t1Ms: 15_000, t2Ms: 120_000, t4Ms: 150_000 } },
    );
    const { code, output } = await runSipp({ scenario: 'refreshed', target, calls: 5, perSecond: 50, over });
    expect(code, output).toBe(0);
    expect(server?.stats().dialogs).toBe(0);
  });

  it('our BYE goes along the route set and is answered', async () => {
    const ended: Promise<void>[] = [];
    const target = await serve((invite) => {
      invite.provisional(180);
      const dialog = answer(invite);
      dialog?.onAck(() => ended.push(dialog.bye()));
    });
    const { code, output } = await runSipp({ scenario: 'hung-up-on', target, calls: 20, perSecond: 50, over });
    expect(code, output).toBe(0);
    await Promise.all(ended);
    expect(ended).toHaveLength(20);
    expect(server?.stats().dialogs).toBe(0);
  });

  it('a refusal is acknowledged and not repeated', async () => {
    const target = await serve((invite) => {
      invite.provisional(180);
      setImmediate(() => invite.refuse(603, { headers: [['Reason', 'Q.850;cause=21']] }));
    });
    const { code, output } = await runSipp({ scenario: 'refused', target, calls: 20, perSecond: 50, over });
    expect(code, output).toBe(0);
    // An ACK that matched its refusal leaves nothing to repeat after T1.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(trace.filter((line) => line.summary.startsWith('603'))).toHaveLength(20);
    expect(server?.stats().dialogs).toBe(0);
  });

  it('C6 CANCEL while it rings: 200, 487, ACK', async () => {
    let cancelled = 0;
    const target = await serve((invite) => {
      invite.provisional(180);
      invite.onCancel(() => cancelled++);
    });
    const { code, output } = await runSipp({ scenario: 'cancelled', target, calls: 20, perSecond: 50, over });
    expect(code, output).toBe(0);
    expect(cancelled).toBe(20);
    expect(server?.stats().dialogs).toBe(0);
  });
});
