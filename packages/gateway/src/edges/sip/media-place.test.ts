import { parseOffer } from '@pickup/sip';
import type { MediaSession, RtpRemote } from '@pickup/sip/media';
import { expect, test } from 'vitest';
import { loadConfig } from '../../config/index.ts';
import { AgreedAudio } from './agreed-audio.ts';
import { OwnAddresses, placeOffer } from './media-place.ts';

function addresses(env: Record<string, string>): OwnAddresses {
  const loaded = loadConfig(env, { addresses: () => ['127.0.0.1', '198.51.100.4', '2606:4700::9'] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return new OwnAddresses(loaded.config);
}

const both = { PICKUP_SIP_HOST: '10.0.0.5,fd00::5', PICKUP_SIP_PUBLIC_HOST: '203.0.113.5' };
const offer = (address: string) => ({ address, family: address.includes(':') ? (6 as const) : (4 as const) });

test('the audio is bound where the call came in, in the family of its offer', () => {
  const own = addresses(both);
  const from = { source: '203.0.113.9', listener: '10.0.0.5' };
  expect(own.place({ ...from, remote: offer('203.0.113.9') })).toMatchObject({ family: 4, bind: '10.0.0.5' });
  expect(own.place({ ...from, remote: offer('2001:db8::9') })).toMatchObject({ family: 6, bind: 'fd00::5' });
  expect(own.place(from)).toMatchObject({ family: 4, bind: '10.0.0.5' });
  expect(own.place({ source: 'fd00::9', listener: 'fd00::5' })).toMatchObject({ family: 6, bind: 'fd00::5' });
});

test('an offer of a family none of our addresses has finds no place', () => {
  const four = addresses({ PICKUP_SIP_HOST: '10.0.0.5' });
  expect(four.place({ source: '10.0.0.9', listener: '10.0.0.5', remote: offer('2001:db8::9') })).toBeUndefined();
  expect([four.has(4), four.has(6)]).toEqual([true, false]);
  const six = addresses({ PICKUP_SIP_HOST: 'fd00::5' });
  expect(six.place({ source: 'fd00::9', listener: 'fd00::5', remote: offer('192.0.2.9') })).toBeUndefined();
});

test('a public address is told to peers of its family alone', () => {
  const own = addresses(both);
  const told = (source: string, listener: string) => own.place({ source, listener, remote: offer(source) })?.shown;
  expect(told('203.0.113.9', '10.0.0.5')).toBe('203.0.113.5');
  expect(told('2001:db8::9', 'fd00::5')).toBe('fd00::5');
  const six = addresses({ ...both, PICKUP_RTP_PUBLIC_HOST: '2001:db8::5' });
  expect(six.place({ source: '203.0.113.9', listener: '10.0.0.5' })?.shown).toBe('10.0.0.5');
  expect(six.place({ source: '2001:db8::9', listener: 'fd00::5' })?.shown).toBe('2001:db8::5');
});

test('a public host name stands for IPv4 in SDP', () => {
  const own = addresses({ ...both, PICKUP_RTP_PUBLIC_HOST: 'media.example.com' });
  expect(own.place({ source: '203.0.113.9', listener: '10.0.0.5' })?.shown).toBe('media.example.com');
  expect(own.place({ source: '2001:db8::9', listener: 'fd00::5' })?.shown).toBe('fd00::5');
});

test('peers on this machine and in PICKUP_SIP_LOCAL_NETS are told the own address, in SIP and in SDP', () => {
  const own = addresses({ ...both, PICKUP_SIP_LOCAL_NETS: '10.0.0.0/8,fe80::/10' });
  expect(['127.0.0.1', '10.9.9.9', '::1', 'fe80::9%eth0'].map(own.sipHostFor)).toEqual(new Array(4).fill(undefined));
  expect(own.sipHostFor('203.0.113.9')).toBe('203.0.113.5');
  const told = (source: string, media: string) =>
    own.place({ source, listener: '10.0.0.5', remote: offer(media) })?.shown;
  expect(told('10.0.0.9', '10.0.0.9')).toBe('10.0.0.5');
  // A proxy in the local net, a caller far away.
  expect(told('10.0.0.9', '203.0.113.9')).toBe('203.0.113.5');
  // A phone behind a NAT that names its own net, which happens to be numbered as ours.
  expect(told('203.0.113.9', '10.1.1.1')).toBe('203.0.113.5');
  // Held, or named: the source alone tells.
  expect(told('10.0.0.9', '0.0.0.0')).toBe('10.0.0.5');
});

test(':: listens for both families, unless an IPv4 address stands beside it', () => {
  const told = { PICKUP_SIP_PUBLIC_HOST: '203.0.113.5' };
  expect(addresses({ ...told, PICKUP_SIP_HOST: '::' }).hosts).toEqual(['::', '0.0.0.0']);
  expect(addresses({ ...told, PICKUP_SIP_HOST: '::,127.0.0.1' }).hosts).toEqual(['::', '127.0.0.1']);
  expect(addresses({ PICKUP_SIP_HOST: '::1' }).hosts).toEqual(['::1']);
});

test('a wildcard is told as the address packets to the peer leave from', () => {
  const own = addresses({ PICKUP_SIP_HOST: '::', PICKUP_SIP_PUBLIC_HOST: '203.0.113.5' });
  const shown = (source: string, listener: string) => own.place({ source, listener, remote: offer(source) })?.shown;
  expect(shown('127.0.0.1', '0.0.0.0')).toBe('127.0.0.1');
  expect(shown('::1', '::')).toBe('::1');
  expect(shown('203.0.113.9', '0.0.0.0')).toBe('203.0.113.5');
});

const sdp = (...media: readonly string[]) => parseOffer(`v=0\r\no=- 1 1 IN IP4 x\r\n${media.join('\r\n')}\r\n`)!;
const four = ['m=audio 4000 RTP/AVP 0', 'c=IN IP4 203.0.113.9'];
const six = ['m=audio 6000 RTP/AVP 8', 'c=IN IP6 2001:db8::9'];

test('RFC 3261 20.43 what cannot be met of an offer has its warning', () => {
  const own = addresses({ PICKUP_SIP_HOST: '10.0.0.5' });
  const way = {
    source: { address: '203.0.113.9', port: 5060, transport: 'udp' },
    local: { host: '10.0.0.5', port: 5060 },
  } as const;
  const judge = (offer: ReturnType<typeof sdp> | undefined, srtp: 'optional' | 'required' = 'optional') =>
    placeOffer(own, { ...way, offer }, { srtp });
  expect(judge(sdp(...six))).toMatchObject({ media: 'no_family', warning: expect.stringMatching(/^301 /) });
  expect(judge(sdp('m=audio 4000 RTP/AVP 18', 'c=IN IP4 203.0.113.9'))).toMatchObject({
    media: 'no_codec',
    warning: expect.stringMatching(/^305 /),
  });
  expect(judge(sdp(...four), 'required')).toMatchObject({ media: 'no_codec', warning: expect.stringMatching(/^302 /) });
  expect(judge(sdp('m=video 1 RTP/AVP 96'))).toMatchObject({ media: 'no_codec' });
  expect(judge(undefined)).toMatchObject({ media: 'usable', place: { bind: '10.0.0.5' } });
  // RFC 5118 4.8: of two streams the one that can be reached.
  expect(judge(sdp(...six, ...four))).toMatchObject({ media: 'usable', place: { family: 4 } });
});

test('a call stays in its family: an offer of the other is refused, a hold of either is heard', () => {
  const remotes: RtpRemote[] = [];
  const held: boolean[] = [];
  const media = {
    start: (remote: RtpRemote) => void remotes.push(remote),
    setHold: (on: boolean) => void held.push(on),
  } as unknown as MediaSession;
  const endpoint = { address: '203.0.113.5', port: 20_000, sessionId: '1' };
  const audio = new AgreedAudio({ media, endpoint, policy: { srtp: 'optional' }, offersSrtp: false });
  audio.join();
  held.length = 0;
  // The refused stream keeps its place, with port 0.
  expect(audio.answer(sdp(...six, ...four))).toMatch(/m=audio 0 [\s\S]*m=audio 20000 /);
  expect(audio.answer(sdp(...six))).toBeUndefined();
  expect(audio.answer(sdp('m=audio 4000 RTP/AVP 0', 'c=IN IP6 ::'))).toContain('a=recvonly');
  expect([remotes.map((remote) => remote.address), held]).toEqual([['203.0.113.9'], [false, true]]);
});
