import { ManualClock } from '@pickup/testkit/clock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReport, ntpMiddleOf, ntpOf, parseReport, type ReportBlock } from './rtcp-packet.ts';
import { type RtcpMoment, RtcpSession } from './rtcp-session.ts';
import type { Source } from './source-latch.ts';
import { estimateMos } from './voice-quality.ts';

const block: ReportBlock = {
  ssrc: 7,
  fractionLost: 64,
  lost: -3,
  highest: 0x0002_0011,
  jitter: 160,
  lastReport: 0x1234_5678,
  sinceLastReport: 65_536,
};
const sender = { wallMs: 1_700_000_000_500, timestamp: 0xffff_ff00, packets: 50, octets: 8_000 };

describe('RTCP packets', () => {
  it('reads what it writes: sender and receiver reports, with and without a block and BYE', () => {
    for (const [one, about, bye] of [
      [sender, block, false],
      [sender, undefined, true],
      [undefined, block, true],
      [undefined, undefined, false],
    ] as const) {
      const bytes = buildReport({ ssrc: 0xdead_beef, sender: one, block: about, cname: 'abcde', bye });
      expect(bytes.length % 4).toBe(0);
      const ntpMiddle = one === undefined ? undefined : ntpMiddleOf(one.wallMs);
      expect(parseReport(bytes, 7)).toEqual({ ssrc: 0xdead_beef, ntpMiddle, block: about, bye });
      expect(parseReport(bytes, 8)?.block).toBeUndefined();
    }
  });

  it('has the octets of RFC 3550', () => {
    const bytes = buildReport({ ssrc: 1, sender, block, cname: 'ab', bye: true });
    expect([...bytes.subarray(0, 4)]).toEqual([0x81, 200, 0, 12]);
    expect(bytes.readUInt32BE(12)).toBe(0x8000_0000);
    expect(bytes.readUInt32BE(20)).toBe(50);
    expect([...bytes.subarray(52)]).toEqual([
      0x81, 202, 0, 3, 0, 0, 0, 1, 1, 2, 97, 98, 0, 0, 0, 0, 0x81, 203, 0, 1, 0, 0, 0, 1,
    ]);
    expect(ntpOf(0)).toEqual({ seconds: 2_208_988_800, fraction: 0 });
  });

  it('refuses what is cut, padded, not RTCP, or does not begin with a report', () => {
    const good = buildReport({ ssrc: 1, sender, block, cname: 'ab', bye: true });
    for (let length = 0; length < good.length; length += 1) {
      const whole = length === 52 || length === 68;
      expect(parseReport(good.subarray(0, length), 7) !== undefined).toBe(whole);
    }
    expect(parseReport(good.subarray(52), 7)).toBeUndefined();
    const bent = (at: number, value: number) => {
      const copy = Buffer.from(good);
      copy[at] = value;
      return parseReport(copy, 7);
    };
    expect([bent(0, 0x41), bent(0, 0xa1), bent(0, 0x9f), bent(1, 0), bent(52, 0)]).toEqual(Array(5).fill(undefined));
  });

  it('never throws on random octets, also behind a credible head', () => {
    const head = fc.constantFrom<readonly number[]>([], [0x80, 200, 0, 6], [0x81, 201, 0, 7], [0x9f, 200, 0xff, 0xff]);
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const report = parseReport(Buffer.from([...start, ...rest]), 7);
        expect(report === undefined || typeof report.bye === 'boolean').toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

const PEER: Source = { address: '192.0.2.1', port: 4_000 };

function started() {
  const clock = new ManualClock();
  const sent: { readonly packet: Buffer; readonly to: Source; readonly atMs: number }[] = [];
  let drawn = 0;
  const rtcp = new RtcpSession({
    ssrc: 5,
    wallOffsetMs: clock.wallMs() - clock.monoMs(),
    random32: () => Math.floor(((drawn++ * 0.37) % 1) * 2 ** 32),
    send: (packet, to) => sent.push({ packet, to, atMs: clock.monoMs() }),
  });
  const moment = (more: Partial<RtcpMoment> = {}): RtcpMoment => ({
    ...{
      nowMs: clock.monoMs(),
      peer: PEER,
      reportsAt: undefined,
      timestamp: 0,
      packets: 10,
      octets: 1_600,
      stream: undefined,
    },
    ...more,
  });
  return { clock, sent, rtcp, moment };
}

describe('an RTCP session', () => {
  it('reports every 2.5 to 7.5 s, the first time after half of that', async () => {
    const { clock, sent, rtcp, moment } = started();
    const beginMs = clock.monoMs();
    for (let tick = 0; tick < 3_000; tick += 1) {
      if (rtcp.due(clock.monoMs())) rtcp.report(moment());
      await clock.advance(20);
    }
    const gaps = sent.map(({ atMs }, index) => atMs - (sent[index - 1]?.atMs ?? beginMs));
    expect(gaps[0]).toBeGreaterThanOrEqual(1_250);
    expect(gaps[0]).toBeLessThanOrEqual(3_770);
    for (const gap of gaps.slice(1)) expect(gap >= 2_500 && gap <= 7_520).toBe(true);
    expect(new Set(gaps).size).toBeGreaterThan(4);
  });

  it('is a sender report only while it sends', () => {
    const { sent, rtcp, moment } = started();
    rtcp.report(moment({ packets: 10 }));
    rtcp.report(moment({ packets: 10 }));
    rtcp.report(moment({ packets: 11 }), true);
    expect(sent.map(({ packet }) => packet[1])).toEqual([200, 201, 200]);
    expect(sent.map(({ packet }) => parseReport(packet, 0)?.bye)).toEqual([false, false, true]);
  });

  it('sends to nobody before a source is latched, then to that address alone, at the port its reports come from', () => {
    const { sent, rtcp, moment } = started();
    rtcp.report(moment({ peer: undefined }));
    expect(sent).toHaveLength(0);
    rtcp.report(moment());
    const theirs = buildReport({ ssrc: 9, sender: undefined, block: undefined, cname: 'x', bye: false });
    rtcp.receive(theirs, { address: '198.51.100.7', port: 1 }, moment());
    rtcp.report(moment());
    rtcp.receive(theirs, { address: PEER.address, port: 4_444 }, moment());
    rtcp.receive(theirs, { address: PEER.address, port: 5_555 }, moment());
    rtcp.report(moment());
    const other = { address: '192.0.2.8', port: 6_000 };
    rtcp.report(moment({ peer: other }));
    rtcp.report(moment({ peer: { ...other, port: 65_535 } }));
    expect(sent.map(({ to }) => `${to.address}:${to.port}`)).toEqual([
      '192.0.2.1:4001',
      '192.0.2.1:4001',
      '192.0.2.1:4444',
      '192.0.2.8:6001',
    ]);
    expect(rtcp.reportsReceived).toBe(1);
  });

  it('tells losses since the last report and when the peer last reported', async () => {
    const { clock, sent, rtcp, moment } = started();
    const stream = { ssrc: 9, expected: 100, received: 90, highest: 99, jitterMs: 4 };
    const theirs = { wallMs: 1_000_000, timestamp: 0, packets: 1, octets: 1 };
    rtcp.receive(buildReport({ ssrc: 9, sender: theirs, block: undefined, cname: 'x', bye: false }), PEER, moment());
    await clock.advance(500);
    rtcp.report(moment({ stream }));
    rtcp.report(moment({ stream: { ...stream, expected: 200, received: 140 } }));
    rtcp.report(moment({ stream: { ...stream, expected: 200, received: 140 } }));
    const blocks = sent.map(({ packet }) => parseReport(packet, 9)!.block!);
    expect(blocks[0]).toEqual({
      ssrc: 9,
      fractionLost: 25,
      lost: 10,
      highest: 99,
      jitter: 32,
      lastReport: ntpMiddleOf(1_000_000),
      sinceLastReport: 32_768,
    });
    expect(blocks.map(({ fractionLost, lost }) => [fractionLost, lost])).toEqual([
      [25, 10],
      [128, 60],
      [0, 60],
    ]);
  });

  it('measures the round trip by answers to its own reports, and believes no other', async () => {
    const { clock, sent, rtcp, moment } = started();
    rtcp.report(moment());
    const lastReport = parseReport(sent[0]!.packet, 0)!.ntpMiddle!;
    await clock.advance(1_080);
    const answer = (about: Partial<ReportBlock>) =>
      buildReport({ ssrc: 9, sender: undefined, block: { ...block, ssrc: 5, ...about }, cname: 'x', bye: false });
    rtcp.receive(answer({ lastReport: 0x1234_5678, sinceLastReport: 0 }), PEER, moment());
    expect(rtcp.rttMs).toBeUndefined();
    expect(rtcp.hearing).toEqual({ lost: 0, recentLossShare: 0.25, jitterMs: 20 });
    rtcp.receive(answer({ lastReport, sinceLastReport: 65_536 }), PEER, moment());
    expect(rtcp.rttMs).toBeCloseTo(80, 0);
    rtcp.receive(answer({ lastReport, sinceLastReport: 0xffff_0000 }), PEER, moment());
    rtcp.receive(answer({ lastReport, sinceLastReport: 10 * 65_536 }), PEER, moment());
    expect(rtcp.rttMs).toBeGreaterThanOrEqual(0);
    expect(rtcp.rttMs).toBeLessThan(30_000);
  });
});

describe('the estimated opinion score', () => {
  it.each([
    [0, 0, 4.41],
    [0, 150, 4.33],
    [0.01, 100, 4.26],
    [0.05, 100, 3.82],
    [0.2, 100, 2.51],
    [0, 400, 3.05],
    [1, 0, 1.18],
    [1, 5_000, 1],
    [2, 0, 1.18],
  ])('at a loss of %d and %d ms is %d', (lossShare, delayMs, expected) => {
    expect(estimateMos({ lossShare, delayMs })).toBeCloseTo(expected, 2);
    expect(estimateMos({ lossShare, delayMs })).toBeLessThanOrEqual(4.42);
  });

  it('is between 1 and 4.42 and never rises with loss or delay', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const delay = fc.double({ min: 0, max: 3_000, noNaN: true });
    fc.assert(
      fc.property(share, share, delay, delay, (lossA, lossB, delayA, delayB) => {
        const better = estimateMos({ lossShare: Math.min(lossA, lossB), delayMs: Math.min(delayA, delayB) });
        const worse = estimateMos({ lossShare: Math.max(lossA, lossB), delayMs: Math.max(delayA, delayB) });
        expect(worse).toBeLessThanOrEqual(better + 1e-9);
        expect(worse >= 1 && better <= 4.42).toBe(true);
      }),
    );
  });
});
