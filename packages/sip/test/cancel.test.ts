import { describe, expect, it } from 'vitest';
import { ack, createBenchPeer, invite, offerSdp, request } from './bench-peer.ts';

const cancel = () => request('CANCEL', { branch: 'z9hG4bK-invite' });

describe('C6 the caller hangs up while it rings', () => {
  it('C6 CANCEL before the final answer: 200, 487 repeated until its ACK, then onCancel', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const call = bench.invites[0]!;
    let namesAtCancel: unknown;
    call.onCancel(() => {
      namesAtCancel = bench.names();
    });
    call.provisional(180);
    bench.receive(cancel());
    expect(namesAtCancel).toEqual([100, 180, 200, 487]);
    expect(call.cancelled).toBe(true);
    await bench.clock.advance(600);
    bench.receive(ack({ toTag: call.toTag }));
    await bench.clock.advance(40_000);
    expect(bench.timesOf(487)).toEqual([0, 500]);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0, unacknowledged: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('C6 whatever is decided after it does nothing', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.receive(cancel());
    const call = bench.invites[0]!;
    expect(call.accept({ sdp: offerSdp })).toBeUndefined();
    expect(call.refuse(603)).toBe(false);
    expect(call.provisional(180)).toBe(false);
    expect(bench.names()).toEqual([100, 200, 487]);
    let late = 0;
    call.onCancel(() => late++);
    expect(late).toBe(1);
  });

  it('C6 CANCEL that crosses the 200 gets 200 and changes nothing', async () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const call = bench.invites[0]!;
    let cancelled = 0;
    call.onCancel(() => cancelled++);
    const dialog = call.accept({ sdp: offerSdp })!;
    bench.receive(cancel());
    expect(bench.names()).toEqual([100, 200, 200]);
    bench.receive(ack({ toTag: call.toTag, branch: 'z9hG4bK-ack' }));
    await bench.clock.advance(1_000);
    expect({ cancelled, ended: dialog.ended, names: bench.names() }).toEqual({
      cancelled: 0,
      ended: false,
      names: [100, 200, 200],
    });
  });

  it('C6 CANCEL after a refusal gets 200 and changes nothing', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.invites[0]!.refuse(486);
    bench.receive(cancel());
    expect(bench.names()).toEqual([100, 486, 200]);
  });

  it('C6 a CANCEL sent twice is answered twice and cancels once', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    bench.receive(cancel());
    bench.receive(cancel());
    expect(bench.names()).toEqual([100, 200, 487, 200]);
  });

  it('a CANCEL that matches nothing is 481', () => {
    const bench = createBenchPeer();
    bench.receive(cancel());
    expect(bench.names()).toEqual([481]);
  });

  it('C6 a BYE in the early dialog cancels as well (RFC 3261 15.1.2)', () => {
    const bench = createBenchPeer();
    bench.receive(invite());
    const call = bench.invites[0]!;
    call.provisional(180);
    bench.receive(request('BYE', { toTag: call.toTag, seq: 2 }));
    expect(bench.names()).toEqual([100, 180, 200, 487]);
    expect(call.cancelled).toBe(true);
  });
});

describe('RFC 3261 13.3.1 an INVITE with Expires', () => {
  const expiring = (value: string) => invite({ headers: [['Expires', value]] });

  it('is 487 when that time is over, as if the caller had given up', async () => {
    const bench = createBenchPeer();
    bench.receive(expiring('30'));
    const call = bench.invites[0]!;
    let gone = 0;
    call.onCancel(() => gone++);
    await bench.clock.advance(29_999);
    expect(gone).toBe(0);
    await bench.clock.advance(1);
    expect([gone, call.cancelled, bench.timesOf(487)]).toEqual([1, true, [30_000]]);
    bench.receive(ack({ toTag: call.toTag }));
    await bench.clock.advance(40_000);
    expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('is not, once it was answered, nor where it says no time', async () => {
    for (const value of ['30', '0', 'soon', '99999999']) {
      const bench = createBenchPeer();
      bench.receive(expiring(value));
      if (value === '30') bench.invites[0]!.accept({ sdp: offerSdp });
      await bench.clock.advance(31_000);
      expect(bench.timesOf(487)).toEqual([]);
    }
  });
});
