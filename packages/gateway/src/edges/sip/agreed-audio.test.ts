import { randomBytes } from 'node:crypto';
import { type ParsedOffer, parseOffer } from '@pickup/sip';
import type { MediaSession, RtpRemote } from '@pickup/sip/media';
import { describe, expect, test } from 'vitest';
import { AgreedAudio } from './agreed-audio.ts';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const newKey = (octets = 30) => randomBytes(octets).toString('base64');

function opened({
  srtp = 'optional',
  offersSrtp = false,
}: {
  srtp?: 'optional' | 'required';
  offersSrtp?: boolean;
} = {}) {
  const starts: RtpRemote[] = [];
  const holds: boolean[] = [];
  const media = {
    start: (remote: RtpRemote) => starts.push(remote),
    setHold: (held: boolean) => holds.push(held),
  } as unknown as MediaSession;
  const endpoint = { address: '127.0.0.1', port: 20_000, sessionId: '7' };
  const audio = new AgreedAudio({ media, endpoint, policy: { srtp }, offersSrtp });
  return { audio, starts, holds };
}

let version = 0;
interface Described {
  readonly protocol?: string;
  readonly crypto?: readonly string[];
  readonly version?: number;
  readonly more?: readonly string[];
  readonly address?: string;
}
function described({ protocol = 'RTP/SAVP', crypto = [], more = [], address = '192.0.2.9', ...at }: Described) {
  const lines = [
    ...['v=0', `o=- 1 ${at.version ?? ++version} IN IP4 192.0.2.9`, 's=-', `c=IN IP4 ${address}`, 't=0 0'],
    ...[`m=audio 4000 ${protocol} 0`, ...crypto.map((line) => `a=crypto:${line}`), ...more],
  ];
  return parseOffer(`${lines.join('\r\n')}\r\n`)!;
}
const read = (sdp: string | undefined): NonNullable<ParsedOffer['audio']> => parseOffer(sdp!)!.audio!;

describe('an answer', () => {
  test('gives the media both keys', () => {
    const { audio, starts } = opened();
    const theirs = newKey();
    const ours = read(audio.answer(described({ crypto: [`3 ${SUITE} inline:${theirs}`] }))).crypto;
    expect(ours).toEqual([{ tag: 3, suite: SUITE, key: expect.any(String) }]);
    expect(ours[0]!.key).not.toBe(theirs);
    expect(starts).toEqual([
      {
        address: '192.0.2.9',
        port: 4_000,
        payloadType: 0,
        srtp: { suite: SUITE, send: ours[0]!.key, receive: theirs },
      },
    ]);
  });

  test('case 73 to a plain offer is none where SRTP is required, on a re-INVITE too, and all stays as it was', () => {
    const { audio, starts } = opened({ srtp: 'required' });
    expect(audio.answer(described({ protocol: 'RTP/AVP' }))).toBeUndefined();
    expect(audio.isAgreed).toBe(false);
    expect(audio.answer(described({ crypto: [`1 ${SUITE} inline:${newKey()}`] }))).toBeDefined();
    expect(audio.answer(described({ protocol: 'RTP/AVP' }))).toBeUndefined();
    expect(starts).toHaveLength(1);
  });

  test('to the same key keeps ours; to another one has another', () => {
    const { audio, starts } = opened();
    const [first, second] = [newKey(), newKey()];
    const answers = [first, first, second].map((key, at) =>
      read(audio.answer(described({ crypto: [`${at + 1} ${SUITE} inline:${key}`] }))),
    );
    const [one, two, three] = answers.map(({ crypto }) => crypto[0]!);
    expect([one!.tag, two!.tag, three!.tag]).toEqual([1, 2, 3]);
    expect([two!.key === one!.key, three!.key === one!.key]).toEqual([true, false]);
    expect(starts.map(({ srtp }) => srtp?.receive)).toEqual([first, first, second]);
  });

  test('a refresh changes nothing, a new description with the same words is told to the media', () => {
    const { audio, starts } = opened();
    const crypto = [`1 ${SUITE} inline:${newKey()}`];
    for (const at of [501, 501, 502]) audio.answer(described({ crypto, version: at }));
    expect(starts).toHaveLength(2);
  });

  test('hold and resume with a new key: the media get the new ones', () => {
    const { audio, starts, holds } = opened();
    const second = [`1 ${SUITE} inline:${newKey()}`];
    audio.join();
    audio.answer(described({ crypto: [`1 ${SUITE} inline:${newKey()}`] }));
    audio.answer(described({ crypto: second, address: '0.0.0.0' }));
    const resumed = read(audio.answer(described({ crypto: second }))).crypto[0]!;
    expect(holds.slice(1)).toEqual([false, true, false]);
    expect(starts).toHaveLength(2);
    expect(starts[1]!.srtp?.send).toBe(resumed.key);
  });

  test('RFC 5761, RFC 3605: RTCP on the same port where it is offered, else where the caller wants it', () => {
    const { audio, starts } = opened();
    const plain = { protocol: 'RTP/AVP' };
    const more = ['a=rtcp-mux', 'a=rtcp:7000 IN IP4 192.0.2.8'];
    expect(read(audio.answer(described({ ...plain, more }))).rtcpMux).toBe(true);
    expect(read(audio.answer(described({ ...plain, more: more.slice(1) }))).rtcpMux).toBe(false);
    expect(starts.map(({ rtcp }) => rtcp)).toEqual(['mux', { address: '192.0.2.8', port: 7_000 }]);
    audio.answer(described({ ...plain, more }));
    // A later offer of ours does not take back what was agreed on.
    expect(read(audio.offer()).rtcpMux).toBe(true);
    expect(audio.take(described({ ...plain, more: [] }))).toBe(true);
    expect(starts.at(-1)?.rtcp).toBeUndefined();
  });
});

describe('our offer', () => {
  test('of SRTP has a key per suite; the answer chooses by tag and suite', () => {
    const { audio, starts } = opened({ offersSrtp: true });
    const offer = read(audio.offer());
    expect(offer).toMatchObject({ protocol: 'RTP/SAVP', crypto: [{ tag: 1 }, { tag: 2 }] });
    const theirs = newKey();
    expect(audio.take(described({ crypto: [`2 AES_CM_128_HMAC_SHA1_32 inline:${theirs}`] }))).toBe(true);
    const srtp = { suite: 'AES_CM_128_HMAC_SHA1_32', send: offer.crypto[1]!.key, receive: theirs };
    expect(starts).toEqual([expect.objectContaining({ srtp })]);
  });

  test.each([
    ['plain', described({ protocol: 'RTP/AVP' })],
    ['without a key', described({})],
    ['of a tag that was not offered', described({ crypto: [`3 ${SUITE} inline:${newKey()}`] })],
    ['of another suite than the tag had', described({ crypto: [`2 ${SUITE} inline:${newKey()}`] })],
  ])('of SRTP is not agreed on with an answer %s', (_what, answer) => {
    const { audio, starts } = opened({ offersSrtp: true });
    audio.offer();
    expect([audio.take(answer), audio.isAgreed, starts.length]).toEqual([false, false, 0]);
  });

  test('is plain else, and an answer with keys nobody offered stays plain', () => {
    const { audio, starts } = opened();
    expect(read(audio.offer())).toMatchObject({ protocol: 'RTP/AVP', crypto: [] });
    expect(audio.take(described({ protocol: 'RTP/AVP', crypto: [`1 ${SUITE} inline:${newKey()}`] }))).toBe(true);
    expect(starts[0]).not.toHaveProperty('srtp');
  });

  test('in a call under SRTP has the key in use, and the caller may change its own', () => {
    const { audio, starts } = opened();
    const used = read(audio.answer(described({ crypto: [`5 ${SUITE} inline:${newKey()}`] }))).crypto[0]!;
    expect(read(audio.offer()).crypto).toEqual([{ ...used, tag: 1 }]);
    const theirs = newKey();
    expect(audio.take(described({ crypto: [`1 ${SUITE} inline:${theirs}`] }))).toBe(true);
    expect(starts.at(-1)?.srtp).toEqual({ suite: SUITE, send: used.key, receive: theirs });
  });
});
