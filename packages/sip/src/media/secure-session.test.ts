/** A session under SRTP against a peer that holds the keys, and against those that do not. */
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FromWorker, RtpRemote } from './protocol.ts';
import { buildReport, parseReport } from './rtcp-packet.ts';
import { parseRtp, writeRtpHeader } from './rtp-packet.ts';
import { RtpSession } from './rtp-session.ts';
import type { Source } from './source-latch.ts';
import { SRTP_SUITES, Srtp, type SrtpSuite, type SrtpTerms } from './srtp/index.ts';

const PHONE: Source = { address: '8.8.8.8', port: 4_000 };
const ELSEWHERE: Source = { address: '9.9.9.9', port: 5_000 };

const newKey = (suite: SrtpSuite) => randomBytes(SRTP_SUITES[suite].key + SRTP_SUITES[suite].salt).toString('base64');
const newTerms = (suite: SrtpSuite): SrtpTerms => ({ suite, send: newKey(suite), receive: newKey(suite) });
const mirrored = ({ suite, send, receive }: SrtpTerms) => new Srtp({ suite, send: receive, receive: send });

function opened(more: Partial<RtpRemote> = {}) {
  const sent: { readonly bytes: Buffer; readonly to: Source; readonly from: 'rtp' | 'rtcp' }[] = [];
  const told: FromWorker[] = [];
  const session = new RtpSession({
    session: 1,
    send: (bytes, to) => sent.push({ bytes: Buffer.from(bytes), to, from: 'rtp' }),
    sendReport: (bytes, to) => sent.push({ bytes: Buffer.from(bytes), to, from: 'rtcp' }),
    wallOffsetMs: 1_700_000_000_000,
    emit: (message) => told.push(message),
    random32: () => randomBytes(4).readUInt32BE(),
  });
  const remote = { ...PHONE, payloadType: 0, ...more } as const;
  session.start(remote, 0);
  let cycle = 0;
  let sequence = 100;
  const frame = () => session.runFrame(cycle, cycle++ * 20);
  const talk = (peer: Srtp | undefined, from = PHONE, ssrc = 77) => {
    const packet = Buffer.alloc(12 + 160 + 20, 0x20);
    sequence += 1;
    writeRtpHeader(packet, { payloadType: 0, marker: false, sequence, timestamp: sequence * 160, ssrc });
    const bytes = Buffer.from(packet.subarray(0, peer === undefined ? 172 : peer.sender.seal(packet, 172)));
    session.receive(Buffer.from(bytes), from, cycle * 20);
    return bytes;
  };
  /** The next packet as the peer reads it. */
  const hear = (peer: Srtp) => {
    frame();
    const { bytes, to } = sent.at(-1)!;
    const plain = peer.receiver.open(Buffer.from(bytes));
    return plain && { packet: parseRtp(plain)!, to };
  };
  return { session, sent, told, remote, frame, talk, hear };
}

describe.each(['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_256_GCM'] as const)('%s', (suite) => {
  it('RFC 3711: both sides hear each other, plain packets and those under other keys are dropped', () => {
    const terms = newTerms(suite);
    const peer = mirrored(terms);
    const { session, talk, hear, told, sent } = opened({ srtp: terms });
    talk(undefined);
    talk(mirrored(newTerms(suite)));
    expect(told).toEqual([]);
    talk(peer);
    expect(told).toEqual([{ kind: 'firstPacket', session: 1 }]);
    expect(hear(peer)?.packet.payload).toHaveLength(160);
    expect(sent.at(-1)!.bytes).toHaveLength(172 + SRTP_SUITES[suite].tag);
    expect(session.stats()).toMatchObject({ codec: 'PCMU', srtp: suite, packetsReceived: 1, rejectedPackets: 2 });
  });

  it('reports go sealed, and those of the peer are opened', () => {
    const terms = newTerms(suite);
    const peer = mirrored(terms);
    const { session, talk, hear, frame, sent } = opened({ srtp: terms });
    talk(peer);
    const { ssrc } = hear(peer)!.packet;
    for (let count = 0; count < 400; count += 1) frame();
    const report = sent.find(({ from }) => from === 'rtcp')!;
    expect(report.to).toEqual({ address: PHONE.address, port: PHONE.port + 1 });
    expect(parseReport(report.bytes, 77)?.block).toBeUndefined();
    expect(parseReport(peer.receiver.openReport(report.bytes)!, 77)).toMatchObject({ ssrc, block: { lost: 0 } });
    const block = { ssrc, fractionLost: 0, lost: 3, highest: 9, jitter: 80, lastReport: 0, sinceLastReport: 0 };
    const theirs = buildReport({ ssrc: 77, sender: undefined, block, cname: 'phone', bye: false });
    session.receiveReport(Buffer.from(theirs), { ...PHONE, port: 4_001 }, 1);
    expect(session.stats().reportsReceived).toBe(0);
    session.receiveReport(peer.sender.sealReport(theirs), { ...PHONE, port: 4_001 }, 1);
    expect(session.stats()).toMatchObject({ reportsReceived: 1, peer: { lost: 3 } });
  });
});

const SUITE = 'AES_CM_128_HMAC_SHA1_80';

describe('the source', () => {
  it('moves with what is authentic and new, from anywhere; a packet sent again from elsewhere moves nothing', () => {
    const terms = newTerms(SUITE);
    const peer = mirrored(terms);
    const { session, talk, hear } = opened({ srtp: terms });
    const captured = talk(peer);
    session.receive(Buffer.from(captured), ELSEWHERE, 1);
    expect(hear(peer)?.to).toEqual(PHONE);
    talk(peer, ELSEWHERE);
    expect(hear(peer)?.to).toEqual(ELSEWHERE);
    expect(session.stats()).toMatchObject({ packetsReceived: 2, rejectedPackets: 1 });
  });

  it('is never a stranger where the audio is plain and the SDP has a public address', () => {
    const { session, talk, frame, sent, told } = opened();
    for (let count = 0; count < 5; count += 1) talk(undefined, ELSEWHERE);
    expect([session.stats().packetsReceived, told]).toEqual([0, []]);
    talk(undefined);
    for (let count = 0; count < 5; count += 1) talk(undefined, ELSEWHERE);
    frame();
    expect([session.stats().packetsReceived, sent.at(-1)!.to]).toEqual([1, PHONE]);
  });
});

describe('a new description (re-INVITE)', () => {
  it('with the same keys goes on in the same stream', () => {
    const terms = newTerms(SUITE);
    const peer = mirrored(terms);
    const { session, remote, talk, hear } = opened({ srtp: terms });
    const before = hear(peer)!.packet;
    session.start({ ...remote, payloadType: 8 }, 100);
    const after = hear(peer)!.packet;
    expect([after.ssrc, after.sequence]).toEqual([before.ssrc, (before.sequence + 1) & 0xffff]);
    talk(peer);
    expect(session.stats()).toMatchObject({ codec: 'PCMA', packetsReceived: 1, rejectedPackets: 0 });
  });

  it('with new keys begins a new stream; what comes under the old ones is heard until the first under the new', () => {
    const terms = newTerms(SUITE);
    const old = mirrored(terms);
    const { session, remote, talk, hear } = opened({ srtp: terms });
    const before = hear(old)!.packet;
    talk(old);
    const next = newTerms(SUITE);
    const peer = mirrored(next);
    session.start({ ...remote, srtp: next }, 100);
    expect(hear(peer)!.packet.ssrc).not.toBe(before.ssrc);
    talk(old);
    talk(peer);
    expect(session.stats()).toMatchObject({ packetsReceived: 3, rejectedPackets: 0 });
    talk(old);
    talk(peer);
    expect(session.stats()).toMatchObject({ packetsReceived: 4, rejectedPackets: 1 });
  });

  it('may turn to plain audio, and back', () => {
    const terms = newTerms(SUITE);
    const { session, remote, talk, frame, hear, sent } = opened({ srtp: terms });
    session.start({ ...PHONE, payloadType: 0 }, 100);
    frame();
    expect(sent.at(-1)!.bytes).toHaveLength(172);
    talk(undefined);
    const again = newTerms(SUITE);
    session.start({ ...remote, srtp: again }, 200);
    const peer = mirrored(again);
    talk(peer);
    expect(hear(peer)).toBeDefined();
    expect(session.stats()).toMatchObject({ srtp: SUITE, packetsReceived: 2 });
  });
});

describe('RFC 5761 RTCP on the port of RTP', () => {
  it('goes out and comes in there, under SRTP too', () => {
    for (const srtp of [undefined, newTerms(SUITE)]) {
      const peer = srtp && mirrored(srtp);
      const { session, talk, frame, sent } = opened({ rtcp: 'mux', ...(srtp && { srtp }) });
      talk(peer);
      for (let count = 0; count < 400; count += 1) frame();
      expect(sent.every(({ from, to }) => from === 'rtp' && to.port === PHONE.port)).toBe(true);
      const reports = sent.filter(({ bytes }) => bytes[1] === 200);
      expect(reports.length).toBeGreaterThan(0);
      const theirs = buildReport({ ssrc: 77, sender: undefined, block: undefined, cname: 'phone', bye: false });
      session.receive(peer?.sender.sealReport(theirs) ?? Buffer.from(theirs), PHONE, 1);
      session.receive(peer?.sender.sealReport(theirs) ?? Buffer.from(theirs), ELSEWHERE, 1);
      expect(session.stats().reportsReceived).toBe(1);
    }
  });

  it('is not taken from there where it was not agreed on', () => {
    const { session, talk } = opened();
    talk(undefined);
    const theirs = buildReport({ ssrc: 77, sender: undefined, block: undefined, cname: 'phone', bye: false });
    session.receive(theirs, PHONE, 1);
    expect(session.stats()).toMatchObject({ reportsReceived: 0, packetsReceived: 1 });
  });
});

describe('RFC 3605 RTCP at a port of its own', () => {
  const rtcp = { address: '8.8.4.4', port: 7_000 };
  it('goes there, and comes from that address only', () => {
    const { session, talk, frame, sent } = opened({ rtcp });
    talk(undefined);
    for (let count = 0; count < 400; count += 1) frame();
    expect(sent.find(({ from }) => from === 'rtcp')?.to).toEqual(rtcp);
    const theirs = buildReport({ ssrc: 77, sender: undefined, block: undefined, cname: 'phone', bye: false });
    session.receiveReport(theirs, { ...PHONE, port: 4_001 }, 1);
    expect(session.stats().reportsReceived).toBe(0);
    session.receiveReport(theirs, rtcp, 1);
    expect(session.stats().reportsReceived).toBe(1);
  });

  it('goes beside the RTP of a peer that is not where its SDP says', () => {
    const { talk, frame, sent } = opened({
      address: '10.0.0.9',
      port: 4_000,
      rtcp: { address: '10.0.0.9', port: 7_000 },
    });
    talk(undefined, ELSEWHERE);
    for (let count = 0; count < 400; count += 1) frame();
    expect(sent.find(({ from }) => from === 'rtcp')?.to).toEqual({ ...ELSEWHERE, port: ELSEWHERE.port + 1 });
  });
});

describe('the tap', () => {
  it('numbers the frames of both directions by the same clock, and leaves a gap where we are held', () => {
    const { session, told, talk, frame } = opened();
    session.tap();
    const frames = (direction: string) =>
      told.flatMap((one) => (one.kind === 'tapped' && one.direction === direction ? one.frame : []));
    for (let count = 0; count < 3; count += 1) frame();
    talk(undefined);
    for (let count = 0; count < 3; count += 1) frame();
    session.hold(true, 120);
    for (let count = 0; count < 2; count += 1) frame();
    session.hold(false, 160);
    frame();
    expect(frames('out')).toEqual([0, 1, 2, 3, 4, 5, 8]);
    expect(frames('in')).toEqual([3, 4, 5, 6, 7, 8]);
  });
});
