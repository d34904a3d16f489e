import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildResponse, type Dialog, type SipMessage } from '../src/index.ts';
import { ack, createBenchPeer, invite, offerSdp, request, valueIn } from './bench-peer.ts';

const ofCaller = ['invite', 'cancel', 'ack', 'ack2xx', 'bye', 'reInvite', 'askForOffer', 'update', 'ackLast'] as const;
const events = [...ofCaller, 'ring', 'accept', 'refuse', 'hangUp', 'answerBye'] as const;
const step = fc.record({ event: fc.constantFrom(...events), waitMs: fc.constantFrom(0, 0, 400, 5_000, 33_000) });

/** Plays one step of either side against the server. */
function createPlay() {
  const bench = createBenchPeer();
  let dialog: Dialog | undefined;
  let seq = 1;
  const call = () => bench.invites[0];
  const toTag = () => call()?.toTag ?? 'none';
  const answerBye = () => {
    for (const { message } of bench.sent) if (message.kind === 'request') bench.receive(buildResponse(message, 200));
  };
  const play: Record<(typeof events)[number], () => void> = {
    invite: () => bench.receive(invite()),
    cancel: () => bench.receive(request('CANCEL', { branch: 'z9hG4bK-invite' })),
    ack: () => bench.receive(ack({ toTag: toTag() })),
    ack2xx: () => bench.receive(ack({ toTag: toTag(), branch: 'z9hG4bK-ack' })),
    bye: () => bench.receive(request('BYE', { toTag: toTag(), seq: ++seq })),
    reInvite: () => bench.receive(request('INVITE', { toTag: toTag(), seq: ++seq, body: offerSdp })),
    askForOffer: () => bench.receive(request('INVITE', { toTag: toTag(), seq: ++seq })),
    update: () => bench.receive(request('UPDATE', { toTag: toTag(), seq: ++seq, body: offerSdp })),
    ackLast: () => bench.receive(ack({ toTag: toTag(), seq, branch: `z9hG4bK-ack-${seq}`, body: offerSdp })),
    ring: () => void call()?.provisional(180),
    accept: () => {
      if (dialog) return;
      dialog = call()?.accept({ sdp: offerSdp });
      dialog?.onOffer(() => offerSdp);
      dialog?.onOfferWanted(() => offerSdp);
    },
    refuse: () => void call()?.refuse(603),
    hangUp: () => void dialog?.bye(),
    answerBye,
  };
  return { bench, play, dialog: () => dialog };
}

/** The final statuses of INVITEs, by the To they were answered with and their CSeq. */
function finalsByTag(messages: readonly SipMessage[]): Map<string, Set<number>> {
  const finals = new Map<string, Set<number>>();
  for (const message of messages) {
    if (message.kind === 'request' || message.status < 200 || !valueIn(message, 'cseq').endsWith('INVITE')) continue;
    const to = `${valueIn(message, 'to')} ${valueIn(message, 'cseq')}`;
    finals.set(to, (finals.get(to) ?? new Set()).add(message.status));
  }
  return finals;
}

describe('every order of events', () => {
  it('C6 gives one INVITE one kind of final answer, never a BYE without a 200, and ends with nothing left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const { bench, play, dialog } = createPlay();
        play.invite();
        for (const { event, waitMs } of steps) {
          play[event]();
          await bench.clock.advance(waitMs);
        }
        // Once its transaction is forgotten the same INVITE is rightly a new call, with a tag of its own.
        const finals = finalsByTag(bench.sent.map((entry) => entry.message));
        for (const statuses of finals.values()) expect(statuses.size).toBe(1);
        if (![...finals.values()].some((statuses) => statuses.has(200))) expect(bench.timesOf('BYE')).toEqual([]);
        for (const call of bench.invites) call.refuse(603);
        void dialog()?.bye();
        await bench.clock.advance(140_000);
        expect(bench.core.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
        expect(bench.clock.pending).toBe(0);
      }),
      { numRuns: 300, seed: 20_261_123 },
    );
  });
});
