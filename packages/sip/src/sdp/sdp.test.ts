import { describe, expect, it } from 'vitest';
import { answerDirection, buildAnswer, buildOffer, chooseCodec, parseOffer, parseSdp, serializeSdp } from './index.ts';

const sdp = (...lines: string[]) =>
  `${['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0', ...lines].join('\r\n')}\r\n`;
const offer = (...lines: string[]) => parseOffer(sdp(...lines))!;
const endpoint = { address: '198.51.100.1', port: 20_000, sessionId: '77' };

describe('the codec', () => {
  it.each([
    ['m=audio 40000 RTP/AVP 0 8', { codec: 'PCMU', payloadType: 0 }],
    ['m=audio 40000 RTP/AVP 18 8 0', { codec: 'PCMA', payloadType: 8 }],
    ['m=audio 40000 RTP/AVP 9 18', undefined],
    ['m=audio 40000 RTP/SAVP 0', undefined],
    ['m=audio 0 RTP/AVP 0', undefined],
    ['m=video 40000 RTP/AVP 31', undefined],
  ])('of %s', (line, choice) => {
    const found = chooseCodec(offer(line));
    expect(found && { codec: found.codec, payloadType: found.payloadType }).toEqual(choice);
  });

  it.each(['224.2.1.1', '255.255.255.255', '240.0.0.1', 'ff02::1'])(
    'is none for a group of listeners, %s',
    (address) => {
      const connection = `c=IN IP${address.includes(':') ? 6 : 4} ${address}`;
      expect(offer('m=audio 40000 RTP/AVP 0', connection).audios).toEqual([]);
      expect(offer('m=audio 40000 RTP/AVP 0').audios).toHaveLength(1);
    },
  );

  it('takes static payload types, and telephone-event as the offer names it', () => {
    const parsed = offer(
      'm=audio 40000 RTP/AVP 96 97 8 110 101',
      'a=rtpmap:96 opus/48000/2',
      'a=rtpmap:97 pcmu/8000',
      'a=rtpmap:110 telephone-event/48000',
      'a=rtpmap:101 telephone-event/8000',
    );
    expect(chooseCodec(parsed)).toMatchObject({ codec: 'PCMA', payloadType: 8, telephoneEvent: 101 });
    expect(parsed.audio?.codecs.map((codec) => codec.name)).toEqual(['OPUS', 'PCMU', 'PCMA']);
  });
});

describe('RFC 3264 the answer', () => {
  it('has a line for every offered stream, port 0 for all but the audio', () => {
    const parsed = offer(
      'm=video 50000 RTP/AVP 31',
      'm=audio 40000 RTP/AVP 0 8 101',
      'a=rtpmap:101 telephone-event/8000',
      'a=sendonly',
    );
    const answer = parseOffer(buildAnswer(parsed, chooseCodec(parsed)!, endpoint))!;
    expect(answer.description.media.map(({ kind, port }) => [kind, port])).toEqual([
      ['video', 0],
      ['audio', 20_000],
    ]);
    expect(answer.audio).toMatchObject({ direction: 'recvonly', telephoneEvent: 101, address: '198.51.100.1' });
    expect(answer.audio?.codecs).toEqual([{ payloadType: 0, name: 'PCMU', clockRate: 8_000 }]);
  });

  it.each([
    ['sendrecv', 'sendrecv'],
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
  ] as const)('%s is answered %s', (offered, answered) => {
    expect(answerDirection(offered)).toBe(answered);
  });

  it('understands hold by direction, at either level, and by an address of zeros', () => {
    expect(offer('m=audio 40000 RTP/AVP 0', 'a=inactive').audio?.direction).toBe('inactive');
    expect(offer('a=sendonly', 'm=audio 40000 RTP/AVP 0').audio?.direction).toBe('sendonly');
    expect(offer('m=audio 40000 RTP/AVP 0', 'c=IN IP4 0.0.0.0').audio?.direction).toBe('sendonly');
  });

  it('our own offer can be answered by ourselves, over IPv6 too', () => {
    const parsed = parseOffer(buildOffer({ ...endpoint, address: '2001:db8::1' }))!;
    expect(parsed.audio).toMatchObject({ family: 6, address: '2001:db8::1', ptimeMs: 20 });
    expect(chooseCodec(parsed)).toMatchObject({ codec: 'PCMU', payloadType: 0, telephoneEvent: 101 });
  });
});

describe('the description', () => {
  it('with more formats than there are payload types is malformed', () => {
    const formats = (count: number) => sdp(`m=audio 40000 RTP/AVP${' 0'.repeat(count)}`);
    expect([parseSdp(formats(128)) !== undefined, parseSdp(formats(129))]).toEqual([true, undefined]);
  });

  it('survives a round trip', () => {
    const parsed = parseSdp(
      sdp('a=group:x', 'm=audio 1 RTP/AVP 0', 'c=IN IP6 ::1', 'a=rtpmap:0 PCMU/8000', 'a=rtcp-mux'),
    );
    expect(parsed && parseSdp(serializeSdp(parsed))).toEqual(parsed);
  });

  it.each([
    '',
    'v=1',
    'v=0\r\n',
    'v=0\r\nhello\r\n',
    sdp('m=audio x RTP/AVP 0'),
    sdp('m=audio 1'),
    sdp('c=IN IP6 1.2.3.4'),
  ])('refuses %j', (text) => {
    expect(parseSdp(text)).toBeUndefined();
  });
});
