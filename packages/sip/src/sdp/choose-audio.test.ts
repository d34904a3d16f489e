import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { buildAnswer, buildOffer, chooseAudio, newCryptoLine, parseCrypto, parseOffer } from './index.ts';

const KEY = Buffer.alloc(30, 7).toString('base64');
const OTHER = Buffer.alloc(30, 8).toString('base64');
const LINE = `AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;
const head = ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0'];
const offer = (...lines: string[]) => parseOffer(`${[...head, ...lines].join('\r\n')}\r\n`)!;
const endpoint = { address: '198.51.100.1', port: 20_000, sessionId: '77' };
const optional = { srtp: 'optional' } as const;
const required = { srtp: 'required' } as const;

describe('RFC 4568 a crypto line', () => {
  it.each([
    `1 ${LINE}`,
    `999999999 ${LINE}`,
    `1 ${LINE}|2^20`,
    `1 ${LINE}|2^48`,
    `1 ${LINE}|1048576 WSH=64`,
    `1 ${LINE} -SOMETHING=1`,
    `1 AES_CM_128_HMAC_SHA1_32 INLINE:${KEY}`,
    `1 AES_256_CM_HMAC_SHA1_80 inline:${Buffer.alloc(46).toString('base64')}`,
    `1 AEAD_AES_128_GCM inline:${Buffer.alloc(28).toString('base64')}`,
    `1 AEAD_AES_256_GCM inline:${Buffer.alloc(44).toString('base64')}`,
  ])('is taken: %s', (value) => {
    expect(parseCrypto(value)?.key).toBe(/inline:([^|\s]+)/i.exec(value)?.[1]);
  });

  it.each([
    '',
    '1',
    `x ${LINE}`,
    `1234567890 ${LINE}`,
    `1 F8_128_HMAC_SHA1_80 inline:${KEY}`,
    `1 constructor inline:${KEY}`,
    `1 AES_CM_128_HMAC_SHA1_80 ${KEY}`,
    '1 AES_CM_128_HMAC_SHA1_80 inline:',
    '1 AES_CM_128_HMAC_SHA1_80 inline:AAAA',
    '1 AES_CM_128_HMAC_SHA1_80 inline:!!!!',
    `1 ${LINE}|1:4`,
    `1 ${LINE}|2^20|1:4`,
    `1 ${LINE}|2^10`,
    `1 ${LINE}|2^49`,
    `1 ${LINE}|2^`,
    `1 ${LINE};inline:${OTHER}`,
    `1 ${LINE} KDR=1`,
    `1 ${LINE} UNENCRYPTED_SRTP`,
    `1 ${LINE} UNENCRYPTED_SRTCP`,
    `1 ${LINE} UNAUTHENTICATED_SRTP`,
    `1 ${LINE} FEC_ORDER=FEC_SRTP`,
  ])('is passed over: %s', (value) => {
    expect(parseCrypto(value)).toBeUndefined();
  });

  it('is the first that can be used', () => {
    const parsed = offer(
      'm=audio 40000 RTP/SAVP 0',
      `a=crypto:1 ${LINE}|2^20|1:4`,
      `a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:${OTHER}|2^31`,
      `a=crypto:3 ${LINE}`,
    );
    const crypto = { tag: 2, suite: 'AES_CM_128_HMAC_SHA1_32', key: OTHER };
    expect(chooseAudio(parsed, optional)).toMatchObject({ codec: 'PCMU', payloadType: 0, crypto });
  });
});

describe('case 73 the stream', () => {
  const plain = ['m=audio 40000 RTP/AVP 0'];
  const secure = ['m=audio 40002 RTP/SAVP 8', `a=crypto:1 ${LINE}`];
  it.each([
    ['plain', plain, 40_000, undefined],
    ['encrypted', secure, 40_002, 40_002],
    ['encrypted first', [...secure, ...plain], 40_002, 40_002],
    ['encrypted last', [...plain, ...secure], 40_002, 40_002],
    [
      'encrypted, refused by the peer itself',
      ['m=audio 0 RTP/SAVP 8', `a=crypto:1 ${LINE}`, ...plain],
      40_000,
      undefined,
    ],
    [
      'encrypted without a usable key',
      ['m=audio 40002 RTP/SAVP 8', `a=crypto:1 ${LINE}|1:4`, ...plain],
      40_000,
      undefined,
    ],
    [
      'encrypted without a usable codec',
      ['m=audio 40002 RTP/SAVP 9', `a=crypto:1 ${LINE}`, ...plain],
      40_000,
      undefined,
    ],
    ['only encrypted without a usable key', ['m=audio 40002 RTP/SAVP 8'], undefined, undefined],
    ['best effort', ['m=audio 40000 RTP/AVP 0', `a=crypto:1 ${LINE}`], 40_000, 40_000],
    ['best effort without a usable key', ['m=audio 40000 RTP/AVP 0', 'a=crypto:1 NO inline:x'], 40_000, undefined],
    ['with feedback', ['m=audio 40000 RTP/SAVPF 0', `a=crypto:1 ${LINE}`], 40_000, 40_000],
    ['of WebRTC', ['m=audio 40000 UDP/TLS/RTP/SAVPF 0', `a=crypto:1 ${LINE}`], undefined, undefined],
    [
      'a static payload type behind a dynamic one',
      ['m=audio 40000 RTP/AVP 97 8', 'a=rtpmap:97 PCMU/8000'],
      40_000,
      undefined,
    ],
  ])('of an offer: %s', (_what, lines, whenOptional, whenRequired) => {
    const parsed = offer(...lines);
    expect(chooseAudio(parsed, optional)?.stream.port).toBe(whenOptional);
    expect(chooseAudio(parsed, required)?.stream.port).toBe(whenRequired);
  });
});

describe('the answer', () => {
  it('has our key under the tag and in the profile that were offered, and refuses the other stream', () => {
    const parsed = offer('m=audio 40000 RTP/AVP 0', 'm=audio 40002 RTP/SAVP 8', `a=crypto:7 ${LINE}`, 'a=rtcp-mux');
    const choice = chooseAudio(parsed, optional)!;
    const own = newCryptoLine(7, 'AES_CM_128_HMAC_SHA1_80', (length) => Buffer.alloc(length, 9));
    const text = buildAnswer(parsed, choice, { ...endpoint, crypto: [own], rtcpMux: true });
    const answer = parseOffer(text)!;
    expect(answer.description.media.map(({ port, protocol }) => [port, protocol])).toEqual([
      [0, 'RTP/AVP'],
      [20_000, 'RTP/SAVP'],
    ]);
    expect(answer.audio).toMatchObject({ crypto: [own], rtcpMux: true });
    expect(text).not.toContain(KEY);
  });

  it('to a best-effort offer stays in its profile, with our key', () => {
    const parsed = offer('m=audio 40000 RTP/AVP 0', `a=crypto:1 ${LINE}`);
    const own = newCryptoLine(1, 'AES_CM_128_HMAC_SHA1_80', (length) => Buffer.alloc(length, 9));
    const answer = parseOffer(buildAnswer(parsed, chooseAudio(parsed, optional)!, { ...endpoint, crypto: [own] }))!;
    expect(answer.audio).toMatchObject({ protocol: 'RTP/AVP', crypto: [own], rtcpMux: false });
  });
});

describe('our offer', () => {
  it('is RTP/SAVP where it brings keys, else RTP/AVP', () => {
    const own = newCryptoLine(1, 'AES_CM_128_HMAC_SHA1_32', (length) => Buffer.alloc(length, 9));
    expect(parseOffer(buildOffer({ ...endpoint, crypto: [own] }))?.audio).toMatchObject({
      protocol: 'RTP/SAVP',
      crypto: [own],
    });
    expect(parseOffer(buildOffer(endpoint))?.audio).toMatchObject({ protocol: 'RTP/AVP', crypto: [], rtcpMux: false });
  });
});

describe('where RTCP goes', () => {
  it.each([
    ['a=rtcp:53020', { address: '192.0.2.9', port: 53_020 }],
    ['a=rtcp:53020 IN IP4 126.16.64.4', { address: '126.16.64.4', port: 53_020 }],
    ['a=rtcp:53020 IN IP6 2001:db8::4', { address: '2001:db8::4', port: 53_020 }],
    ['a=rtcp:53020 IN IP4 a.host', { address: '192.0.2.9', port: 53_020 }],
    ['a=rtcp:0', undefined],
    ['a=rtcp:70000', undefined],
    ['a=rtcp:x', undefined],
    ['a=sendrecv', undefined],
  ])('RFC 3605 %s', (line, rtcp) => {
    expect(offer('m=audio 40000 RTP/AVP 0', line).audio?.rtcp).toEqual(rtcp);
  });
});
