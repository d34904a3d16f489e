import { describe, expect, it } from 'vitest';
import { buildAnswer, chooseCodec, type Dialog, type ParsedOffer } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

const endpoint = { address: '192.0.2.1', port: 20_000, sessionId: '7' };
const held = (direction: string) => `${offerSdp}a=${direction}\r\n`;

/** A call that was answered, by default acknowledged, and answers every offer. */
function answeredCall(options: { readonly acknowledged?: boolean; readonly delayed?: boolean } = {}) {
  const bench = createBenchPeer();
  bench.receive(options.delayed ? withoutSdp(1, 'z9hG4bK-invite', undefined) : invite());
  const call = bench.invites[0]!;
  const dialog: Dialog = call.accept({ sdp: offerSdp })!;
  const offers: ParsedOffer[] = [];
  let version = 1;
  dialog.onOffer((offer) => {
    offers.push(offer);
    const choice = chooseCodec(offer);
    return choice && buildAnswer(offer, choice, { ...endpoint, version: ++version });
  });
  const { toTag } = call;
  if (options.acknowledged !== false) {
    bench.receive(ack({ toTag, branch: 'z9hG4bK-ack', ...(options.delayed ? { body: offerSdp } : {}) }));
  }
  const send = (method: string, seq: number, body?: string, uri?: string) =>
    bench.receive(request(method, { toTag, seq, ...(body === undefined ? {} : { body }), ...(uri ? { uri } : {}) }));
  const sdp = () => Buffer.from(bench.last().message.body).toString();
  return { bench, dialog, offers, toTag, send, sdp };
}

function withoutSdp(seq: number, branch: string, toTag: string | undefined) {
  return request('INVITE', { seq, branch, toTag });
}

describe('RFC 3261 14.2 re-INVITE', () => {
  it.each([
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
    ['sendrecv', 'sendrecv'],
  ])('RFC 3264 8.4 hold: an offer of %s is answered with %s', (offered, answered) => {
    const { bench, send, sdp, offers } = answeredCall();
    send('INVITE', 2, held(offered));
    const { message } = bench.last();
    expect(message).toMatchObject({ status: 200 });
    expect(valueIn(message, 'contact')).toBe('<sip:192.0.2.1:5060>');
    expect(sdp()).toContain(`a=${answered}`);
    expect(sdp()).toContain('o=- 7 2 IN IP4');
    expect(offers[0]?.audio?.direction).toBe(offered);
  });

  it('RFC 3264 8.4 c=0.0.0.0 is a hold', () => {
    const { send, sdp } = answeredCall();
    send('INVITE', 2, offerSdp.replace('c=IN IP4 192.0.2.9', 'c=IN IP4 0.0.0.0'));
    expect(sdp()).toContain('a=recvonly');
  });

  it('13.3.1.4 its 200 is repeated until the ACK, and without one the call ends with BYE', async () => {
    const { bench, send, dialog, toTag } = answeredCall();
    send('INVITE', 2, offerSdp);
    await bench.clock.advance(1_600);
    const before = bench.timesOf(200).length;
    expect(before).toBe(4);
    bench.receive(ack({ toTag, seq: 2, branch: 'z9hG4bK-ack2' }));
    await bench.clock.advance(10_000);
    expect(bench.timesOf(200)).toHaveLength(before);
    send('INVITE', 3, offerSdp);
    await bench.clock.advance(32_100);
    expect(bench.timesOf('BYE')).toHaveLength(1);
    expect(dialog.ended).toBe(true);
  });

  it('a repeated one is absorbed, a refused one leaves the session and its own ACK ends it', async () => {
    const { bench, send, offers, toTag, dialog } = answeredCall();
    const again = request('INVITE', { toTag, seq: 2, body: offerSdp });
    bench.receive(again);
    bench.receive(again);
    expect(offers).toHaveLength(1);
    bench.receive(ack({ toTag, seq: 2, branch: 'z9hG4bK-ack2' }));
    send('INVITE', 3, offerSdp.replace('RTP/AVP 0 8 101', 'RTP/SAVP 0 8 101'));
    expect(bench.last().message).toMatchObject({ status: 488 });
    bench.receive(ack({ toTag, seq: 3, branch: 'z9hG4bK-INVITE-3' }));
    await bench.clock.advance(33_000);
    expect(dialog.ended).toBe(false);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 1, unacknowledged: 0 });
  });

  it('without a listener it is 488', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.invites[0]!.accept({ sdp: offerSdp });
    const { toTag } = bench.invites[0]!;
    bench.receive(ack({ toTag, branch: 'z9hG4bK-ack' }));
    bench.receive(request('INVITE', { toTag, seq: 2, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 488 });
  });

  it('12.2.2 a CSeq that does not go up is 500', () => {
    const { bench, send } = answeredCall();
    send('INVITE', 9, offerSdp);
    send('INVITE', 8, offerSdp);
    expect(bench.last().message).toMatchObject({ status: 500, reason: 'CSeq Out of Order' });
  });

  it('14.2 one that overlaps another is 500 with Retry-After of 0 to 10 s', () => {
    const { bench, send } = answeredCall();
    send('INVITE', 2, offerSdp);
    send('INVITE', 3, held('sendonly'));
    expect(bench.last().message).toMatchObject({ status: 500 });
    const seconds = Number(valueIn(bench.last().message, 'retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(seconds).toBeLessThanOrEqual(10);
  });

  it('14.2 one while the call rings is 500 with Retry-After, and the call goes on', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const { toTag } = bench.invites[0]!;
    bench.receive(request('INVITE', { toTag, seq: 2, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 500 });
    expect(valueIn(bench.last().message, 'retry-after')).not.toBe('');
    expect(bench.invites[0]!.accept({ sdp: offerSdp })).toBeDefined();
  });

  it('14.2 one that crosses our offer is 491', () => {
    const { bench, send } = answeredCall({ delayed: true, acknowledged: false });
    send('INVITE', 2, offerSdp);
    expect(bench.last().message).toMatchObject({ status: 491 });
  });

  it('14.2 without SDP it gets our offer, and the ACK the answer; until then offers are 491', () => {
    const { bench, dialog, toTag, send } = answeredCall();
    const answers: (ParsedOffer | undefined)[] = [];
    dialog.onOfferWanted(() => held('sendrecv'));
    dialog.onAnswer((answer) => void answers.push(answer));
    bench.receive(withoutSdp(2, 'z9hG4bK-delayed', toTag));
    expect(Buffer.from(bench.last().message.body).toString()).toBe(held('sendrecv'));
    send('UPDATE', 3, offerSdp);
    expect(bench.last().message).toMatchObject({ status: 491 });
    bench.receive(ack({ toTag, seq: 2, branch: 'z9hG4bK-ack2', body: held('inactive') }));
    expect(answers.map((answer) => answer?.audio?.direction)).toEqual(['inactive']);
    send('UPDATE', 4, offerSdp);
    expect(bench.last().message).toMatchObject({ status: 200 });
  });

  it('what a listener throws is 500 and is reported', () => {
    const { bench, dialog, send } = answeredCall();
    dialog.onOffer(() => {
      throw new Error('a bug');
    });
    expect(() => send('INVITE', 2, offerSdp)).toThrow('a bug');
    expect(bench.last().message).toMatchObject({ status: 500 });
  });

  it('after our BYE went out it is 481', () => {
    const { bench, dialog, send } = answeredCall();
    void dialog.bye();
    send('INVITE', 2, offerSdp);
    expect(bench.last().message).toMatchObject({ status: 481 });
  });

  it('our BYE stops the repetition of its 200', async () => {
    const { bench, dialog, send } = answeredCall();
    send('INVITE', 2, offerSdp);
    void dialog.bye();
    await bench.clock.advance(33_000);
    expect(bench.timesOf(200)).toHaveLength(2);
    expect(bench.clock.pending).toBe(0);
  });
});

describe('RFC 3311 UPDATE', () => {
  it('with an offer it is answered like a re-INVITE, but once', async () => {
    const { bench, send, sdp } = answeredCall();
    send('UPDATE', 2, held('sendonly'));
    expect(bench.last().message).toMatchObject({ status: 200 });
    expect(sdp()).toContain('a=recvonly');
    const sent = bench.sent.length;
    await bench.clock.advance(10_000);
    expect(bench.sent).toHaveLength(sent);
  });

  it('without one it is 200 with Contact and no body', () => {
    const { bench, send, offers } = answeredCall();
    send('UPDATE', 2);
    expect(bench.last().message).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect(valueIn(bench.last().message, 'contact')).toBe('<sip:192.0.2.1:5060>');
    expect(offers).toEqual([]);
  });

  it('5.2 while the call rings: an offer is 500 with Retry-After, none is 200', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const { toTag } = bench.invites[0]!;
    bench.receive(request('UPDATE', { toTag, seq: 2, body: offerSdp }));
    expect(bench.last().message).toMatchObject({ status: 500 });
    expect(valueIn(bench.last().message, 'retry-after')).not.toBe('');
    bench.receive(request('UPDATE', { toTag, seq: 3 }));
    expect(bench.last().message).toMatchObject({ status: 200 });
    expect(bench.invites[0]!.cancelled).toBe(false);
  });
});

describe('RFC 3261 12.2.2 target refresh', () => {
  const moved = (method: string, toTag: string, body?: string) => {
    const base = request(method, { toTag, seq: 2, ...(body === undefined ? {} : { body }) });
    const headers = base.headers.map((line) =>
      line.key === 'contact' ? { ...line, value: '<sip:elsewhere@192.0.2.77:6000>' } : line,
    );
    return { ...base, headers };
  };

  it.each([
    ['INVITE', offerSdp],
    ['UPDATE', undefined],
  ])('our BYE follows the Contact of a %s, and so does the memo', async (method, body) => {
    const { bench, dialog, toTag } = answeredCall();
    bench.receive(moved(method, toTag, body));
    expect(dialog.memo['remoteTarget']).toBe('sip:elsewhere@192.0.2.77:6000');
    void dialog.bye();
    await bench.clock.advance(0);
    expect(bench.last()).toMatchObject({ address: '192.0.2.77', port: 6000 });
    expect(bench.last().message).toMatchObject({ method: 'BYE', uri: 'sip:elsewhere@192.0.2.77:6000' });
  });

  it('a refused re-INVITE moves nothing', () => {
    const { bench, dialog, toTag } = answeredCall();
    bench.receive(moved('INVITE', toTag, 'v=0\r\nnonsense\r\n'));
    expect(bench.last().message).toMatchObject({ status: 400 });
    expect(dialog.memo['remoteTarget']).toBe('sip:caller@192.0.2.9:7060');
  });

  it('an UPDATE while the call rings moves it too', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.receive(moved('UPDATE', bench.invites[0]!.toTag));
    expect(bench.invites[0]!.accept({ sdp: offerSdp })!.memo['remoteTarget']).toBe('sip:elsewhere@192.0.2.77:6000');
  });
});

describe('INFO', () => {
  const info = (toTag: string, seq: number, headers: readonly (readonly [string, string])[], body?: string) => {
    const base = request('INFO', { toTag, seq, headers, ...(body === undefined ? {} : { body }) });
    const typed = headers.find(([name]) => name === 'Content-Type');
    if (!typed) return base;
    return { ...base, headers: base.headers.filter((line) => line.value !== 'application/sdp') };
  };

  it.each([
    ['RFC 2976 empty', [], undefined, 200],
    ['keys pressed', [['Content-Type', 'application/dtmf-relay']], 'Signal=5\r\nDuration=160\r\n', 200],
    ['of no known type', [['Content-Type', 'application/x-whatever']], 'x', 415],
    ['RFC 6086 4.2.2 of a package', [['Info-Package', 'x']], undefined, 469],
  ] as const)('%s', (_name, headers, body, status) => {
    const { bench, toTag } = answeredCall();
    bench.receive(info(toTag, 2, headers, body));
    expect(bench.last().message).toMatchObject({ status });
  });

  it('outside a call it is 481', () => {
    const bench = createBenchPeer();
    bench.receive(request('INFO'));
    expect(bench.last().message).toMatchObject({ status: 481 });
  });
});
