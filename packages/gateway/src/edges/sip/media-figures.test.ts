import type { SessionStats } from '@pickup/sip/media';
import { expect, test } from 'vitest';
import { mediaFigures } from './media-figures.ts';

const stats: SessionStats = {
  codec: 'PCMA',
  srtp: undefined,
  packetsSent: 500,
  maxSendGapMs: 21,
  packetsReceived: 297,
  lost: 3,
  jitterMs: 4.5678,
  rejectedPackets: 2,
  maxGapMs: 60,
  concealedMs: 59.6,
  latePackets: 1,
  discardedPackets: 0,
  bufferMs: 40,
  reportsSent: 2,
  reportsReceived: 2,
  rttMs: 12.3456,
  mos: 4.3219,
  peer: { lost: 7, recentLossShare: 0.1, jitterMs: 1.239, mos: 4.111 },
};

test('the figures as the call object has them, rounded', () => {
  expect(mediaFigures(stats)).toEqual({
    codec: 'PCMA',
    srtp: null,
    packets_sent: 500,
    packets_received: 297,
    packets_lost: 3,
    loss_percent: 1,
    packets_late: 1,
    packets_rejected: 2,
    concealed_ms: 60,
    jitter_ms: 4.57,
    round_trip_ms: 12.35,
    mos: 4.32,
    caller: { packets_lost: 7, jitter_ms: 1.24, mos: 4.11 },
  });
});

test('null for what nobody can tell, and nothing where no audio was agreed on', () => {
  const silent: SessionStats = {
    ...stats,
    ...{ srtp: 'AEAD_AES_128_GCM', packetsReceived: 0, lost: 0, rttMs: undefined, mos: undefined, peer: undefined },
  };
  expect(mediaFigures(silent)).toMatchObject({
    ...{ srtp: 'AEAD_AES_128_GCM', loss_percent: 0, round_trip_ms: null, mos: null, caller: null },
  });
  expect(mediaFigures({ ...stats, codec: undefined })).toBeUndefined();
});
