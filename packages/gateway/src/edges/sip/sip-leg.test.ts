import { type Dialog, type IncomingInvite, type JsonObject, type ParsedOffer, parseOffer } from '@pickup/sip';
import type { MediaSession } from '@pickup/sip/media';
import { ManualClock } from '@pickup/testkit/clock';
import { describe, expect, test } from 'vitest';
import type { LegEnd } from '../../runners/leg.ts';
import { SipLeg } from './sip-leg.ts';

const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n';

/** Media whose faults and silences the test brings about. */
function fakeMedia(port: number) {
  const said: string[] = [];
  const watches: { readonly afterMs: number; readonly fn: () => void }[] = [];
  const failed: ((error: Error) => void)[] = [];
  const first: (() => void)[] = [];
  const pressed: ((digit: string, durationMs: number) => void)[] = [];
  const session: MediaSession = {
    port,
    start: ({ address, port: to, payloadType }) => said.push(`start ${address}:${to} ${payloadType}`),
    play: async () => {},
    flush() {},
    onFirstPacket: (fn) => void first.push(fn),
    onSpeech() {},
    onNoRtp: (afterMs, fn) => watches.push({ afterMs, fn }),
    onFailed: (fn) => failed.push(fn),
    onDigit: (fn) => void pressed.push(fn),
    setHold: (held) => said.push(held ? 'hold' : 'go on'),
    tap() {},
    stats: () => Promise.reject(new Error('not asked for')),
    close: () => said.push('close'),
  };
  const silence = (ms: number) => {
    for (const { afterMs, fn } of watches) if (afterMs <= ms) fn();
  };
  const die = () => {
    for (const fn of failed.splice(0)) fn(new Error('the worker died'));
  };
  const press = (digit: string) => {
    for (const fn of pressed) fn(digit, 100);
  };
  const arrive = () => {
    for (const fn of first.splice(0)) fn();
  };
  return { session, said, silence, die, press, arrive };
}

/** A call whose SIP messages are written down. */
function fakeInvite(ringsWithOffer = false) {
  const sent: string[] = [];
  let cancel = () => {};
  let noAck = () => {};
  const acks: ((sdp: string | undefined) => void)[] = [];
  let onOffer: Parameters<Dialog['onOffer']>[0] = () => undefined;
  let onOfferWanted: Parameters<Dialog['onOfferWanted']>[0] = () => undefined;
  let onAnswer: Parameters<Dialog['onAnswer']>[0] = () => {};
  let onKey: Parameters<Dialog['onDigit']>[0] = () => {};
  let memo: JsonObject = {};
  const earlyAnswers: Parameters<IncomingInvite['onAnswer']>[0][] = [];
  let early: ParsedOffer | undefined;
  let onMoved: Parameters<Dialog['onMoved']>[0] = () => {};
  const dialog: Dialog = {
    callId: 'c',
    get memo() {
      return memo;
    },
    ended: false,
    bye: async () => void sent.push('BYE'),
    onBye() {},
    onAck: (listener) => acks.push(listener),
    onNoAck: (listener) => (noAck = listener),
    onGone() {},
    onExpired() {},
    onOffer: (listener) => (onOffer = listener),
    onOfferWanted: (listener) => (onOfferWanted = listener),
    onAnswer: (listener) => (onAnswer = listener),
    onDigit: (listener) => (onKey = listener),
    onMoved: (listener) => (onMoved = listener),
  };
  const offer = parseOffer(OFFER);
  const invite = {
    callId: 'c',
    source: { address: '127.0.0.1', port: 5_062, transport: 'udp' },
    fromTag: 'f',
    cseq: 1,
    memo: {},
    dialogMemo: {},
    offer: ringsWithOffer ? undefined : offer,
    ringsWithOffer,
    provisional: (code: number, { sdp = '' } = {}) =>
      sent.push([code, ...(/m=audio (\d+)/.exec(sdp)?.slice(1) ?? [])].join(' ')) > 0,
    onAnswer: (listener: Parameters<IncomingInvite['onAnswer']>[0]) => {
      earlyAnswers.push(listener);
      if (early) listener(early);
    },
    accept: ({ sdp }: { readonly sdp: string }) => {
      sent.push(`200 ${/m=audio (\d+)/.exec(sdp)?.[1]}`);
      return dialog;
    },
    refuse: (code: number) => sent.push(String(code)) > 0,
    onCancel: (listener: () => void) => {
      const before = cancel;
      cancel = () => {
        before();
        listener();
      };
    },
  };
  const talk = {
    offer: (sdp: string) => onOffer(parseOffer(sdp)!),
    ack: () => {
      for (const listener of acks) listener(undefined);
    },
    wanted: () => onOfferWanted(),
    answer: (sdp: string) => onAnswer(parseOffer(sdp)),
    key: (digit: string) => onKey(digit, 100),
    moved: (next: JsonObject) => {
      memo = next;
      onMoved(next);
    },
  };
  /** The answer in a PRACK. */
  const answerEarly = (sdp: string) => {
    early = parseOffer(sdp);
    for (const listener of earlyAnswers) listener(early);
  };
  return {
    invite: invite as unknown as IncomingInvite,
    sent,
    talk,
    early: answerEarly,
    cancel: () => cancel(),
    noAck: () => noAck(),
  };
}

function ringing(next?: ReturnType<typeof fakeMedia>, ringsWithOffer = false) {
  const clock = new ManualClock();
  const call = fakeInvite(ringsWithOffer);
  const media = fakeMedia(20_000);
  const leg = new SipLeg({
    invite: call.invite,
    media: media.session,
    openMedia: async () => next?.session,
    mediaAddress: '127.0.0.1',
    warning: undefined,
    audioPolicy: { srtp: 'optional' },
    clock,
    trace: [],
    onDone() {},
    onOver() {},
  });
  return { leg, clock, media, ...call };
}

function answered({ acknowledged = true } = {}) {
  const call = ringing();
  const connected = call.leg.accept()!;
  const ends: LegEnd[] = [];
  connected.onEnd((end) => ends.push(end));
  if (acknowledged) call.talk.ack();
  return { ...call, connected, ends };
}

test('F1 180 at once, after 1 s and every 60 s, until the answer', async () => {
  const { leg, clock, sent } = ringing();
  leg.ring();
  expect(sent).toEqual(['180']);
  await clock.advance(999);
  expect(sent).toHaveLength(1);
  await clock.advance(1);
  expect(sent).toHaveLength(2);
  await clock.advance(59_999);
  expect(sent).toHaveLength(2);
  await clock.advance(60_001);
  expect(sent).toHaveLength(4);
  leg.accept();
  await clock.advance(300_000);
  expect(sent.slice(4)).toEqual(['200 20000']);
});

test('F4 no RTP for 30 s ends the call, not before', () => {
  const { media, ends } = answered();
  media.silence(29_999);
  expect(ends).toEqual([]);
  media.silence(30_000);
  expect(ends).toEqual([{ by: 'no_audio' }]);
});

test('F4 nothing is sent before the ACK or the first packet, so that a forged INVITE aims no audio', () => {
  const silent = answered({ acknowledged: false });
  expect(silent.media.said.splice(0)).toEqual(['start 127.0.0.1:9 0', 'hold']);
  silent.talk.ack();
  silent.talk.ack();
  silent.media.arrive();
  expect(silent.media.said).toEqual(['go on']);
  const heard = answered({ acknowledged: false });
  heard.media.arrive();
  expect(heard.media.said).toEqual(['start 127.0.0.1:9 0', 'hold', 'go on']);
});

test('C6 no ACK ends the call', () => {
  const { noAck, ends } = answered({ acknowledged: false });
  noAck();
  expect(ends).toEqual([{ by: 'no_ack' }]);
});

test('C6 no ACK of a later re-INVITE: who was there is gone', () => {
  const { noAck, talk, ends } = answered();
  talk.ack();
  noAck();
  expect(ends).toEqual([{ by: 'caller' }]);
});

test('F4 the loss of the media ends a connected call, once, with a BYE', () => {
  const { media, ends, connected, sent } = answered();
  media.die();
  media.silence(30_000);
  expect(ends).toEqual([{ by: 'media_failed' }]);
  connected.hangUp();
  expect(sent.at(-1)).toBe('BYE');
});

test('F4 who rings while the media is lost is answered with the next one', async () => {
  const next = fakeMedia(20_002);
  const { leg, media, sent } = ringing(next);
  media.die();
  await Promise.resolve();
  expect(leg.accept()).toBeDefined();
  expect(sent).toEqual(['200 20002']);
  expect(next.said).toEqual(['start 127.0.0.1:9 0', 'hold']);
});

test('C6 media that comes for a caller who has gone is closed', async () => {
  const next = fakeMedia(20_002);
  const { media, cancel } = ringing(next);
  media.die();
  cancel();
  await Promise.resolve();
  expect(media.said).toEqual(['close']);
  expect(next.said).toEqual(['close']);
});

test('F4 a caller who holds us hears nothing until it goes on, and its address may change with it', () => {
  const { media, talk } = answered();
  expect(media.said.splice(0)).toEqual(['start 127.0.0.1:9 0', 'hold', 'go on']);
  expect(talk.offer(`${OFFER}a=sendonly\r\n`)).toContain('a=recvonly');
  expect(media.said.splice(0)).toEqual(['hold']);
  expect(talk.offer(OFFER.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0'))).toContain('a=recvonly');
  expect(media.said.splice(0)).toEqual(['hold']);
  const moved = OFFER.replace('audio 9 RTP/AVP 0', 'audio 11 RTP/AVP 8');
  const answer = talk.offer(moved);
  expect(answer).toMatch(/a=sendrecv/);
  expect(answer).toMatch(/^o=- \d+ 4 IN IP4 127\.0\.0\.1\r$/m);
  expect(media.said.splice(0)).toEqual(['start 127.0.0.1:11 8', 'go on']);
});

test('F4 silence of a caller who only listens is no fault', () => {
  const { media, talk, ends } = answered();
  expect(talk.offer(`${OFFER}a=recvonly\r\n`)).toContain('a=sendonly');
  media.silence(30_000);
  expect(ends).toEqual([]);
  talk.offer(OFFER);
  media.silence(30_000);
  expect(ends).toEqual([{ by: 'no_audio' }]);
});

test('RFC 3261 14.2 an offer of nothing we speak changes nothing', () => {
  const { media, talk, ends } = answered();
  media.said.splice(0);
  expect(talk.offer(OFFER.replace('RTP/AVP 0', 'RTP/AVP 18'))).toBeUndefined();
  expect(media.said).toEqual([]);
  expect(ends).toEqual([]);
});

test('RFC 3261 14.2 a re-INVITE without SDP gets our offer, and an unusable answer ends the call', () => {
  const { media, talk, ends } = answered();
  media.said.splice(0);
  expect(talk.wanted()).toContain('m=audio 20000 RTP/AVP 0 8 101');
  talk.answer(OFFER.replace('audio 9', 'audio 13'));
  expect(media.said).toEqual(['start 127.0.0.1:13 0', 'go on']);
  talk.wanted();
  talk.answer(OFFER.replace('RTP/AVP 0', 'RTP/AVP 18'));
  expect(ends).toEqual([{ by: 'unusable_answer' }]);
});

test('a key that comes by RTP and by INFO is one key', () => {
  const { connected, media, talk } = answered();
  const heard: string[] = [];
  connected.line?.onDigit?.((digit) => heard.push(digit));
  media.press('5');
  talk.key('5');
  talk.key('#');
  expect(heard).toEqual(['5', '#']);
});

test('H3 the dialog is always the newest, and whoever keeps it hears of a move', () => {
  const { connected, talk } = answered();
  const moves: unknown[] = [];
  connected.onMoved?.((dialog) => moves.push(dialog));
  talk.moved({ remoteTarget: 'sip:new@127.0.0.1' });
  expect(moves).toEqual([{ remoteTarget: 'sip:new@127.0.0.1' }]);
  expect(connected.dialog).toEqual({ remoteTarget: 'sip:new@127.0.0.1' });
});

describe('RFC 3262 5 an INVITE without offer that requires 100rel', () => {
  test('the 180 carries our offer; its answer is in force from the pickup on, not while it rings', () => {
    const { leg, media, sent, early } = ringing(undefined, true);
    leg.ring();
    expect(sent).toEqual(['180 20000']);
    early(OFFER);
    expect(media.said).toEqual([]);
    leg.accept();
    expect(sent).toEqual(['180 20000', '200 20000']);
    expect(media.said).toEqual(['start 127.0.0.1:9 0', 'hold']);
  });

  test('F4 an answer that cannot be used ends the call', () => {
    const { leg, early } = ringing(undefined, true);
    leg.ring();
    const ends: LegEnd[] = [];
    leg.accept()!.onEnd((end) => ends.push(end));
    early(OFFER.replace('RTP/AVP 0', 'RTP/AVP 18'));
    expect(ends).toEqual([{ by: 'unusable_answer' }]);
  });

  test('media that are lost after they were offered are a fault of ours', async () => {
    const next = fakeMedia(20_002);
    const { leg, media } = ringing(next, true);
    leg.ring();
    media.die();
    await Promise.resolve();
    expect(() => leg.accept()).toThrow('lost');
  });
});
