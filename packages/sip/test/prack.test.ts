import { describe, expect, it } from 'vitest';
import type { Dialog, HeaderInput, ParsedOffer } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

const reliable: HeaderInput = [['Require', '100rel']];

/** A call whose caller requires 100rel. */
function ringing(options: { readonly delayed?: boolean } = {}) {
  const bench = createBenchPeer();
  const bare = request('INVITE', { branch: 'z9hG4bK-invite', headers: reliable });
  bench.receive(options.delayed ? bare : invite({ headers: reliable }));
  const call = bench.invites[0]!;
  const rseq = () =>
    Number(valueIn(bench.sent.findLast(({ message }) => valueIn(message, 'rseq') !== '')!.message, 'rseq'));
  const prack = (seq: number, more: { readonly rack?: string; readonly body?: string } = {}) => {
    const headers: HeaderInput = [['RAck', more.rack ?? `${rseq()} 1 INVITE`]];
    const body = more.body === undefined ? {} : { body: more.body };
    bench.receive(request('PRACK', { toTag: call.toTag, seq, headers, ...body }));
    return bench.sent.findLast(({ message }) => valueIn(message, 'cseq') === `${seq} PRACK`)?.message;
  };
  return { bench, call, rseq, prack };
}

describe('RFC 3262 reliable provisional responses', () => {
  it('3 where the caller requires them: 180 with RSeq, repeated at doubling intervals until its PRACK', async () => {
    const { bench, call, prack } = ringing();
    expect(call.provisional(180)).toBe(true);
    const { message } = bench.last();
    expect(valueIn(message, 'require')).toBe('100rel');
    expect(valueIn(message, 'rseq')).toMatch(/^[1-9]\d*$/);
    await bench.clock.advance(15_600);
    expect(bench.timesOf(180)).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500]);
    expect(prack(2)).toMatchObject({ status: 200 });
    await bench.clock.advance(60_000);
    expect(bench.timesOf(180)).toHaveLength(6);
    expect(call.accept({ sdp: offerSdp })).toBeDefined();
    expect(bench.last().message).toMatchObject({ status: 200 });
  });

  it('3 where it only supports them, and where it says nothing, they are sent plainly', () => {
    for (const headers of [[['Supported', '100rel']], []] as const) {
      const bench = createBenchPeer();
      bench.receive(invite({ headers }));
      bench.invites[0]!.provisional(180);
      expect(valueIn(bench.last().message, 'rseq')).toBe('');
      expect(valueIn(bench.last().message, 'require')).toBe('');
    }
  });

  it('3 no second one before the first is acknowledged; then RSeq goes up by one', () => {
    const { bench, call, rseq, prack } = ringing();
    call.provisional(180);
    const first = rseq();
    expect(call.provisional(180)).toBe(true);
    expect(bench.timesOf(180)).toHaveLength(1);
    prack(2);
    call.provisional(180);
    expect(rseq()).toBe(first + 1);
  });

  it('3 without a PRACK in 64·T1 the INVITE is refused with 504, and whoever listens hears that the caller is gone', async () => {
    const { bench, call } = ringing();
    let gone = 0;
    call.onCancel(() => gone++);
    call.provisional(180);
    await bench.clock.advance(31_999);
    expect(bench.timesOf(504)).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.timesOf(504)).toEqual([32_000]);
    expect([gone, call.cancelled]).toEqual([1, true]);
    expect(call.accept({ sdp: offerSdp })).toBeUndefined();
    bench.receive(ack({ toTag: call.toTag }));
    await bench.clock.advance(60_000);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it.each([
    ['another RSeq', '7 1 INVITE'],
    ['another CSeq', 'same 2 INVITE'],
    ['another method', 'same 1 UPDATE'],
    ['no sense', 'nonsense'],
  ])('3 a PRACK of %s is 481 and stops nothing', async (_name, rack) => {
    const { bench, call, rseq, prack } = ringing();
    call.provisional(180);
    expect(prack(2, { rack: rack.replace('same', String(rseq())) })).toMatchObject({ status: 481 });
    await bench.clock.advance(600);
    expect(bench.timesOf(180)).toHaveLength(2);
    expect(prack(3)).toMatchObject({ status: 200 });
    expect(prack(4)).toMatchObject({ status: 481 });
  });

  it('a PRACK outside any call is 481, one whose CSeq does not go up is 500', () => {
    const { bench, call, prack } = ringing();
    bench.receive(
      request('PRACK', { callId: 'other', branch: 'z9hG4bK-elsewhere', headers: [['RAck', '1 1 INVITE']] }),
    );
    expect(bench.last().message).toMatchObject({ status: 481 });
    call.provisional(180);
    expect(prack(1)).toMatchObject({ status: 500 });
  });

  it('3 the 200 does not wait where the 180 has no SDP; a late PRACK is still 200', async () => {
    const { bench, call, prack } = ringing();
    call.provisional(180);
    expect(call.accept({ sdp: offerSdp })).toBeDefined();
    expect(bench.last().message).toMatchObject({ status: 200 });
    bench.receive(ack({ toTag: call.toTag, branch: 'z9hG4bK-ack' }));
    await bench.clock.advance(3_000);
    expect(bench.timesOf(180)).toEqual([0]);
    expect(prack(2)).toMatchObject({ status: 200 });
    expect(prack(3)).toMatchObject({ status: 481 });
  });

  it('3 a refusal and a CANCEL end the repetition', async () => {
    const refused = ringing();
    refused.call.provisional(180);
    refused.call.refuse(603);
    refused.bench.receive(ack({ toTag: refused.call.toTag }));
    const cancelled = ringing();
    cancelled.call.provisional(180);
    cancelled.bench.receive(request('CANCEL', { branch: 'z9hG4bK-invite' }));
    cancelled.bench.receive(ack({ toTag: cancelled.call.toTag }));
    for (const { bench } of [refused, cancelled]) {
      await bench.clock.advance(60_000);
      expect(bench.timesOf(180)).toEqual([0]);
      expect(bench.clock.pending).toBe(0);
    }
  });

  it('5 an offer in a PRACK, while ours to the INVITE is still to be answered, is 488, and the call goes on', () => {
    const { call, prack } = ringing();
    call.provisional(180);
    expect(prack(2, { body: offerSdp })).toMatchObject({ status: 488 });
    expect(call.accept({ sdp: offerSdp })).toBeDefined();
  });
});

describe('RFC 3262 5 an INVITE without offer from a caller that requires 100rel', () => {
  /** Rings with our offer. */
  function offered() {
    const call = ringing({ delayed: true });
    const answers: (ParsedOffer | undefined)[] = [];
    call.call.onAnswer((answer) => answers.push(answer));
    call.call.provisional(180, { sdp: offerSdp });
    return { ...call, answers };
  }

  it('the 180 carries our offer, the PRACK the answer, and the 200 says no more of it', () => {
    const { bench, call, prack, answers } = offered();
    expect(call.ringsWithOffer).toBe(true);
    expect(Buffer.from(bench.last().message.body).toString()).toBe(offerSdp);
    expect(prack(2, { body: `${offerSdp}a=inactive\r\n` })).toMatchObject({ status: 200 });
    expect(answers.map((answer) => answer?.audio?.direction)).toEqual(['inactive']);
    const dialog = call.accept({ sdp: offerSdp })!;
    expect(bench.last().message).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    dialog.onOffer(() => offerSdp);
    bench.receive(ack({ toTag: call.toTag, branch: 'z9hG4bK-ack' }));
    bench.receive(request('UPDATE', { toTag: call.toTag, seq: 3, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 200 });
  });

  it('to ring without an offer is a bug', () => {
    const { call } = ringing({ delayed: true });
    expect(() => call.provisional(180)).toThrow();
  });

  it('a PRACK without answer, or with one that cannot be read, is told as none', () => {
    const none = offered();
    expect(none.prack(2)).toMatchObject({ status: 200 });
    expect(none.answers).toEqual([undefined]);
    const garbled = offered();
    expect(garbled.prack(2, { body: 'v=0\r\nnonsense\r\n' })).toMatchObject({ status: 400 });
    expect(garbled.answers).toEqual([undefined]);
  });

  it('3 the 200 waits for the PRACK', async () => {
    const { bench, call, prack } = offered();
    const dialog = call.accept({ sdp: offerSdp })!;
    await bench.clock.advance(2_000);
    expect(bench.timesOf(200)).toEqual([]);
    expect(prack(2, { body: offerSdp })).toMatchObject({ status: 200 });
    expect(bench.last().message).toMatchObject({ status: 200 });
    expect(valueIn(bench.last().message, 'cseq')).toBe('1 INVITE');
    let acks = 0;
    dialog.onAck(() => acks++);
    bench.receive(ack({ toTag: call.toTag, branch: 'z9hG4bK-ack' }));
    expect(acks).toBe(1);
    await bench.clock.advance(40_000);
    expect(dialog.ended).toBe(false);
  });

  it.each(['CANCEL', 'BYE'])('C6 a %s while the 200 waits: 487, and the call ends as hung up', async (method) => {
    const { bench, call } = offered();
    const dialog = call.accept({ sdp: offerSdp })!;
    const ends: string[] = [];
    dialog.onBye(() => ends.push('bye'));
    dialog.onGone((end) => ends.push(end));
    const cancel = method === 'CANCEL' ? { branch: 'z9hG4bK-invite' } : { seq: 2, toTag: call.toTag };
    bench.receive(request(method, cancel));
    expect(bench.names()).toContain(487);
    expect(ends).toEqual(['bye', 'remote-bye']);
    bench.receive(ack({ toTag: call.toTag }));
    await bench.clock.advance(70_000);
    expect(bench.timesOf('BYE')).toEqual([]);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('3 no PRACK while the 200 waits: 504, no BYE, and the call ends as never acknowledged', async () => {
    const { bench, call } = offered();
    const dialog: Dialog = call.accept({ sdp: offerSdp })!;
    const ends: string[] = [];
    dialog.onNoAck(() => ends.push('no ack'));
    dialog.onGone((end) => ends.push(end));
    await bench.clock.advance(32_000);
    expect(bench.timesOf(504)).toEqual([32_000]);
    expect(ends).toEqual(['no ack', 'no-ack']);
    await bench.clock.advance(70_000);
    expect(bench.timesOf('BYE')).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it('5 an offer of the caller that crosses ours is 491', () => {
    const { bench, call } = offered();
    bench.receive(request('UPDATE', { toTag: call.toTag, seq: 2, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 491 });
  });
});
