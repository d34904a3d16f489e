import { describe, expect, it } from 'vitest';
import { buildResponse, type HeaderInput, type SipRequest } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

const timer = (expires: string, allow = 'INVITE, UPDATE'): HeaderInput => [
  ['Supported', 'timer'],
  ['Session-Expires', expires],
  ['Allow', allow],
];

/** An acknowledged call whose INVITE had these headers. */
function callWith(headers: HeaderInput) {
  const bench = createBenchPeer();
  bench.receive(invite({ headers }));
  const dialog = bench.invites[0]!.accept({ sdp: offerSdp })!;
  dialog.onOffer(() => offerSdp);
  let expired = 0;
  dialog.onExpired(() => expired++);
  const { message } = bench.last();
  const { toTag } = bench.invites[0]!;
  bench.receive(ack({ toTag, branch: 'z9hG4bK-ack' }));
  const updates = () =>
    bench.sent.flatMap(({ message: sent }) => (sent.kind === 'request' && sent.method === 'UPDATE' ? [sent] : []));
  const answer = (status: number, sent: SipRequest) => bench.receive(buildResponse(sent, status));
  return { bench, dialog, toTag, ok: message, expired: () => expired, updates, answer };
}

describe('RFC 4028 session timers', () => {
  it.each([['1800'], ['1800;refresher=uac'], ['0090 ; refresher=UAC']])('9 %s: the caller refreshes', (expires) => {
    const { ok } = callWith(timer(expires));
    expect(valueIn(ok, 'session-expires')).toBe(`${Number.parseInt(expires, 10)};refresher=uac`);
    expect(valueIn(ok, 'require')).toBe('timer');
    expect(valueIn(ok, 'supported')).toBe('timer, 100rel');
  });

  it.each([
    ['a caller that does not speak them', [['Session-Expires', '1800']]],
    ['no Session-Expires', [['Supported', 'timer']]],
  ] as const)('9 no timer for %s', async (_name, headers) => {
    const { ok, bench, dialog } = callWith(headers);
    expect(valueIn(ok, 'session-expires')).toBe('');
    expect(valueIn(ok, 'require')).toBe('');
    await bench.clock.advance(4_000_000);
    expect(dialog.ended).toBe(false);
  });

  it('9 an interval under 90 s is 422 with Min-SE, of an INVITE and of an UPDATE', () => {
    const bench = createBenchPeer();
    bench.receive(invite({ headers: timer('89') }));
    expect(bench.last().message).toMatchObject({ status: 422 });
    expect(valueIn(bench.last().message, 'min-se')).toBe('90');
    const call = callWith(timer('1800'));
    call.bench.receive(request('UPDATE', { toTag: call.toTag, seq: 2, headers: timer('60') }));
    expect(call.bench.last().message).toMatchObject({ status: 422 });
  });

  it('Require: timer is understood', () => {
    const bench = createBenchPeer();
    bench.receive(
      invite({
        headers: [
          ['Require', 'timer'],
          ['Session-Expires', '90'],
        ],
      }),
    );
    expect(bench.invites).toHaveLength(1);
  });

  it.each([
    ['1800', 1_768_000],
    ['90', 60_000],
  ])('10 without a refresh %s s end with our BYE after %i ms, not before', async (expires, endsAtMs) => {
    const { bench, dialog, expired } = callWith(timer(expires));
    await bench.clock.advance(endsAtMs - 1);
    expect(expired()).toBe(0);
    await bench.clock.advance(1);
    expect(expired()).toBe(1);
    expect(bench.timesOf('BYE')).toHaveLength(1);
    expect(dialog.ended).toBe(true);
  });

  it.each(['UPDATE', 'INVITE'])('10 a refresh by %s starts the time anew', async (method) => {
    const { bench, dialog, toTag } = callWith(timer('90'));
    await bench.clock.advance(50_000);
    const body = method === 'INVITE' ? { body: offerSdp } : {};
    bench.receive(request(method, { toTag, seq: 2, headers: timer('90;refresher=uac'), ...body }));
    expect(valueIn(bench.last().message, 'session-expires')).toBe('90;refresher=uac');
    if (method === 'INVITE') bench.receive(ack({ toTag, seq: 2, branch: 'z9hG4bK-ack2' }));
    await bench.clock.advance(50_000);
    expect(dialog.ended).toBe(false);
    await bench.clock.advance(10_000);
    expect(dialog.ended).toBe(true);
  });

  it('10 refresher=uas: we refresh by UPDATE at half the time, with rising CSeq, and our BYE goes on from there', async () => {
    const { bench, dialog, ok, updates, answer } = callWith(timer('1800;refresher=uas'));
    expect(valueIn(ok, 'session-expires')).toBe('1800;refresher=uas');
    for (const round of [1, 2, 3]) {
      await bench.clock.advance(900_000);
      const update = updates().at(-1)!;
      expect(updates()).toHaveLength(round);
      expect(valueIn(update, 'cseq')).toBe(`${round} UPDATE`);
      expect(valueIn(update, 'session-expires')).toBe('1800;refresher=uac');
      expect(valueIn(update, 'contact')).toBe('<sip:192.0.2.1:5060>');
      answer(200, update);
    }
    void dialog.bye();
    await bench.clock.advance(0);
    expect(valueIn(bench.last().message, 'cseq')).toBe('4 BYE');
  });

  it('10 a refresh that is 481, or never answered, ends the call; one that is refused is tried again', async () => {
    const gone = callWith(timer('1800;refresher=uas'));
    await gone.bench.clock.advance(900_000);
    gone.answer(481, gone.updates()[0]!);
    await gone.bench.clock.advance(0);
    expect(gone.dialog.ended).toBe(true);

    const silent = callWith(timer('1800;refresher=uas'));
    await silent.bench.clock.advance(932_000);
    await silent.bench.clock.advance(0);
    expect(silent.expired()).toBe(1);

    const busy = callWith(timer('1800;refresher=uas'));
    await busy.bench.clock.advance(900_000);
    busy.answer(491, busy.updates()[0]!);
    await busy.bench.clock.advance(2_000);
    const again = busy.updates().at(-1)!;
    expect(valueIn(again, 'cseq')).toBe('2 UPDATE');
    busy.answer(200, again);
    await busy.bench.clock.advance(800_000);
    expect(busy.dialog.ended).toBe(false);
  });

  it('nothing is left of it after either BYE, or after closing', async () => {
    const theirs = callWith(timer('1800;refresher=uas'));
    theirs.bench.receive(request('BYE', { toTag: theirs.toTag, seq: 2 }));
    const ours = callWith(timer('1800'));
    void ours.dialog.bye();
    const closed = callWith(timer('1800'));
    closed.bench.core.close();
    for (const { bench } of [theirs, ours, closed]) {
      await bench.clock.advance(70_000);
      expect(bench.clock.pending).toBe(0);
    }
  });
});
