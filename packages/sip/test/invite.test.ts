import { describe, expect, it } from 'vitest';
import { buildResponse, headerValues } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

const answerSdp = offerSdp.replace('40000', '20000');

describe('an INVITE that is refused', () => {
  it('RFC 3261 17.2.1 timers G and H: repeated at T1, doubled to T2, given up after 64·T1', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    expect(bench.invites[0]?.refuse(603)).toBe(true);
    await bench.clock.advance(40_000);
    expect(bench.timesOf(603)).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(bench.core.stats()).toMatchObject({ unacknowledged: 1, transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('A3 one that is refused `once` leaves nothing to repeat and nothing in memory; come again it is a new one', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    expect(bench.invites[0]?.refuse(404, { once: true })).toBe(true);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0, unacknowledged: 0 });
    bench.receive(ack({ toTag: bench.invites[0]!.toTag }));
    bench.receive(invite());
    expect(bench.invites).toHaveLength(2);
    expect(bench.invites[1]?.refuse(404, { once: true })).toBe(true);
    await bench.clock.advance(40_000);
    expect(bench.timesOf(404)).toEqual([0, 0]);
    expect(bench.clock.pending).toBe(0);
  });

  it('RFC 3261 17.2.1 the ACK stops the repetition, timer I absorbs more of them for T4', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.invites[0]?.refuse(486);
    await bench.clock.advance(600);
    const { toTag } = bench.invites[0]!;
    bench.receive(ack({ toTag }));
    bench.receive(ack({ toTag }));
    await bench.clock.advance(4_900);
    expect(bench.core.stats().transactions).toBe(1);
    await bench.clock.advance(200);
    expect(bench.timesOf(486)).toEqual([0, 500]);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, unacknowledged: 0 });
  });

  it('an INVITE that comes again gets the last response, and is no second call', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.receive(invite());
    bench.invites[0]?.provisional(180);
    bench.receive(invite());
    bench.invites[0]?.refuse(404);
    bench.receive(invite());
    expect(bench.names()).toEqual([100, 100, 180, 180, 404, 404]);
    expect(bench.invites).toHaveLength(1);
  });

  it('has one final answer only', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const call = bench.invites[0]!;
    call.refuse(603, { reason: 'No', headers: [['Reason', 'Q.850;cause=21']] });
    expect(call.refuse(500)).toBe(false);
    expect(call.accept({ sdp: answerSdp })).toBeUndefined();
    expect(call.provisional(180)).toBe(false);
    expect(bench.names()).toEqual([100, 603]);
    expect(bench.last().message).toMatchObject({ reason: 'No' });
    expect(valueIn(bench.last().message, 'reason')).toBe('Q.850;cause=21');
  });
});

describe('an INVITE that is accepted', () => {
  it('RFC 3261 13.3.1.4 the 200 is repeated until the ACK', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    let acks = 0;
    dialog.onAck(() => acks++);
    await bench.clock.advance(1_600);
    const { toTag } = bench.invites[0]!;
    bench.receive(ack({ toTag, branch: 'z9hG4bK-other', seq: 2 }));
    expect(acks).toBe(0);
    bench.receive(ack({ toTag, branch: 'z9hG4bK-ack' }));
    bench.receive(ack({ toTag, branch: 'z9hG4bK-ack' }));
    await bench.clock.advance(60_000);
    expect(bench.timesOf(200)).toEqual([0, 500, 1_500]);
    expect(acks).toBe(1);
    expect(dialog.ended).toBe(false);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 1 });
  });

  it('RFC 6026 timer L: the INVITE is absorbed for 64·T1 after the 2xx', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.invites[0]!.accept({ sdp: answerSdp });
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    await bench.clock.advance(31_900);
    bench.receive(invite());
    expect(bench.names()).toEqual([100, 200]);
    expect(bench.invites).toHaveLength(1);
    await bench.clock.advance(200);
    expect(bench.core.stats().transactions).toBe(0);
  });

  it('C6 no ACK in 64·T1: BYE, then onNoAck and onGone', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    const heard: string[] = [];
    dialog.onNoAck(() => heard.push('no-ack'));
    dialog.onGone((end) => heard.push(`gone ${end}`));
    await bench.clock.advance(31_999);
    expect(heard).toEqual([]);
    await bench.clock.advance(2);
    expect(heard).toEqual(['no-ack']);
    expect(bench.timesOf('BYE')).toEqual([32_000]);
    const bye = bench.last().message;
    if (bye.kind !== 'request') throw new Error('no request');
    bench.receive(buildResponse(bye, 481));
    await bench.clock.advance(5_050);
    expect(heard).toEqual(['no-ack', 'gone no-ack']);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('RFC 3264 a delayed offer: ours is in the 200, the answer in the ACK', () => {
    const bench = createBenchPeer();
    bench.receive(request('INVITE', { branch: 'z9hG4bK-invite' }));
    expect(bench.invites[0]?.offer).toBeUndefined();
    const dialog = bench.invites[0]!.accept({ sdp: offerSdp })!;
    let answer: string | undefined;
    dialog.onAck((sdp) => {
      answer = sdp;
    });
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack', body: answerSdp }));
    expect(answer).toBe(answerSdp);
  });

  it('RFC 3261 12.1.1 Record-Route is echoed in the 200 and routes the BYE', async () => {
    const bench = createBenchPeer();
    const routes = ['<sip:192.0.2.70:5070;lr>', '<sip:192.0.2.71;lr>'];
    bench.receive(invite({ headers: [['Record-Route', routes.join(', ')]] }));
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    expect(headerValues(bench.last().message, 'record-route')).toEqual([routes.join(', ')]);
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    const ended = dialog.bye([['Reason', 'Q.850;cause=16']]);
    expect(dialog.ended).toBe(true);
    await bench.clock.advance(0);
    const bye = bench.last();
    expect(bye).toMatchObject({ address: '192.0.2.70', port: 5070 });
    if (bye.message.kind !== 'request') throw new Error('no request');
    expect(bye.message.uri).toBe('sip:caller@192.0.2.9:7060');
    expect(headerValues(bye.message, 'route')).toEqual(routes);
    expect(valueIn(bye.message, 'from')).toContain(`tag=${bench.invites[0]!.toTag}`);
    expect(valueIn(bye.message, 'reason')).toBe('Q.850;cause=16');
    bench.receive(buildResponse(bye.message, 200));
    await ended;
    expect(bench.core.stats().dialogs).toBe(0);
  });

  it('RFC 3261 12.2.1.1 a strict router gets the Request-URI, the remote target goes last', async () => {
    const bench = createBenchPeer();
    bench.receive(invite({ headers: [['Record-Route', '<sip:192.0.2.70>, <sip:192.0.2.71;lr>']] }));
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    void dialog.bye();
    await bench.clock.advance(0);
    const { message } = bench.last();
    if (message.kind !== 'request') throw new Error('no request');
    expect(message.uri).toBe('sip:192.0.2.70');
    expect(headerValues(message, 'route')).toEqual(['<sip:192.0.2.71;lr>', '<sip:caller@192.0.2.9:7060>']);
  });

  it('RFC 3261 15 our BYE waits for the ACK', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    void dialog.bye();
    await bench.clock.advance(700);
    expect(bench.timesOf('BYE')).toEqual([]);
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    await bench.clock.advance(0);
    expect(bench.timesOf('BYE')).toEqual([700]);
  });

  it('RFC 3261 17.1.2 timers E and F: our BYE is repeated, given up after 64·T1', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    bench.receive(ack({ toTag: bench.invites[0]!.toTag, branch: 'z9hG4bK-ack' }));
    let over = false;
    void dialog.bye().then(() => {
      over = true;
    });
    await bench.clock.advance(31_999);
    expect(bench.timesOf('BYE')).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(over).toBe(false);
    await bench.clock.advance(2);
    expect(over).toBe(true);
    expect(bench.core.stats()).toMatchObject({ dialogs: 0 });
  });

  it('the caller hangs up: 200, onBye once, and a BYE with an old CSeq is refused', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const { toTag } = bench.invites[0]!;
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    bench.receive(ack({ toTag, branch: 'z9hG4bK-ack' }));
    const heard: string[] = [];
    dialog.onBye(() => heard.push('bye'));
    dialog.onGone((end) => heard.push(end));
    bench.receive(request('BYE', { toTag, seq: 1, branch: 'z9hG4bK-old' }));
    expect(bench.last().message).toMatchObject({ status: 500 });
    bench.receive(request('BYE', { toTag, seq: 2 }));
    bench.receive(request('BYE', { toTag, seq: 2 }));
    expect(bench.names()).toEqual([100, 200, 500, 200, 200]);
    expect(heard).toEqual(['bye', 'remote-bye']);
    await dialog.bye();
    bench.receive(request('BYE', { toTag, seq: 3 }));
    expect(bench.last().message).toMatchObject({ status: 481 });
    await bench.clock.advance(33_000);
    expect(bench.core.stats()).toMatchObject({ dialogs: 0, transactions: 0 });
  });

  it('a BYE that comes before the ACK, while ours waits for it, ends both', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const { toTag } = bench.invites[0]!;
    const dialog = bench.invites[0]!.accept({ sdp: answerSdp })!;
    const ended = dialog.bye();
    bench.receive(request('BYE', { toTag, seq: 2 }));
    await ended;
    await bench.clock.advance(40_000);
    expect(bench.timesOf('BYE')).toEqual([]);
    expect(bench.timesOf(200)).toEqual([0, 0]);
    expect(bench.core.stats()).toMatchObject({ dialogs: 0, transactions: 0 });
  });
});
