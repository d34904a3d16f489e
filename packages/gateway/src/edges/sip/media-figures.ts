import type { CallMediaStats } from '@pickup/contract';
import type { SessionStats } from '@pickup/sip/media';

/** The media engine's figures as the call object shows them; undefined where no audio was ever agreed on. */
export function mediaFigures(stats: SessionStats): CallMediaStats | undefined {
  if (stats.codec === undefined) return undefined;
  const { packetsReceived, lost, peer } = stats;
  const expected = packetsReceived + lost;
  return {
    codec: stats.codec,
    srtp: stats.srtp ?? null,
    packets_sent: stats.packetsSent,
    packets_received: packetsReceived,
    packets_lost: lost,
    loss_percent: expected === 0 ? 0 : hundredths((lost / expected) * 100),
    packets_late: stats.latePackets,
    packets_rejected: stats.rejectedPackets,
    concealed_ms: Math.round(stats.concealedMs),
    jitter_ms: hundredths(stats.jitterMs),
    round_trip_ms: stats.rttMs === undefined ? null : hundredths(stats.rttMs),
    mos: stats.mos === undefined ? null : hundredths(stats.mos),
    caller: peer ? { packets_lost: peer.lost, jitter_ms: hundredths(peer.jitterMs), mos: hundredths(peer.mos) } : null,
  };
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;
