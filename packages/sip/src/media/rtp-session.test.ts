import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FromWorker } from './protocol.ts';
import { RtpSession } from './rtp-session.ts';

function started() {
  const told: FromWorker[] = [];
  let seed = 1;
  const session = new RtpSession({
    session: 1,
    send: () => {},
    sendReport: () => {},
    wallOffsetMs: 1_700_000_000_000,
    emit: (message) => told.push(message),
    random32: () => (seed = (Math.imul(seed, 48_271) >>> 0) % 0x7fff_ffff),
  });
  session.start({ address: '192.0.2.1', port: 4_000, payloadType: 0, dtmfPayloadType: 101 }, 0);
  session.watchSpeech();
  session.tap();
  return { session, told };
}

const source = { address: '192.0.2.1', port: 4_000 };

describe('hostile datagrams', () => {
  it('never make a session throw, at the RTP port or the RTCP port', () => {
    const rtp = fc.tuple(fc.constantFrom(0, 8, 13, 101, 0x80, 0xe5), fc.uint8Array({ minLength: 10, maxLength: 400 }));
    const likely = rtp.map(([type, rest]) => Uint8Array.of(0x80, type, ...rest));
    const datagram = fc.oneof(likely, fc.uint8Array({ maxLength: 400 }));
    const step = fc.record({ datagram, waitMs: fc.nat({ max: 100 }), toReports: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { session, told } = started();
        let nowMs = 0;
        for (const [index, one] of steps.entries()) {
          nowMs += one.waitMs;
          const bytes = Buffer.from(one.datagram);
          if (one.toReports) session.receiveReport(bytes, source, nowMs);
          else session.receive(bytes, source, nowMs);
          session.runFrame(index, nowMs);
        }
        session.end(nowMs);
        const { mos, rttMs, peer, codec, srtp, ...figures } = session.stats();
        expect(Object.values(figures).every((figure) => Number.isFinite(figure) && figure >= 0)).toBe(true);
        expect(mos === undefined || (mos >= 1 && mos < 4.5)).toBe(true);
        expect(told.length).toBeLessThanOrEqual(steps.length * 5);
      }),
      { numRuns: 300 },
    );
  });
});
