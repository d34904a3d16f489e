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
