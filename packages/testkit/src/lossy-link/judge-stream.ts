import type { SentPacket } from './udp-wire.ts';

const STEP = 160;
/** A sender that is later than this may leave frames out instead of sending them all at once. */
const STANDSTILL_MS = 60;

/** How regular a sender's stream of audio is, where it leaves the sender. */
export interface StreamFigures {
  readonly packets: number;
  /** Steps of the sequence other than 1. */
  readonly sequenceFaults: number;
  /** Steps of the timestamp other than 20 ms that no standstill of the sender explains, which leaves its gap in them. */
  readonly timestampFaults: number;
  readonly longestGapMs: number;
  /** How far packets are from their beat, 95 % of them. */
  readonly offBeatMs: number;
}

/** Judges packets of 20 ms, in order of their coming. Telephone events keep their first timestamp: those are not looked at. */
export function judgeStream(packets: readonly SentPacket[]): StreamFigures {
  const first = packets[0];
  if (first === undefined) return { packets: 0, sequenceFaults: 0, timestampFaults: 0, longestGapMs: 0, offBeatMs: 0 };
  let [sequenceFaults, timestampFaults, longestGapMs] = [0, 0, 0];
  const beats: number[] = [];
  for (const [index, packet] of packets.entries()) {
    beats.push(packet.atMs - first.atMs - index * 20);
    const before = packets[index - 1];
    if (before === undefined) continue;
    longestGapMs = Math.max(longestGapMs, packet.atMs - before.atMs);
    if (((packet.sequence - before.sequence) & 0xffff) !== 1) sequenceFaults += 1;
    if (isAudio(packet) && isAudio(before) && !explained(before, packet)) timestampFaults += 1;
  }
  const middle = [...beats].sort((left, right) => left - right)[beats.length >> 1]!;
  const off = beats.map((beat) => Math.abs(beat - middle)).sort((left, right) => left - right);
  const offBeatMs = off[Math.floor(off.length * 0.95)]!;
  return { packets: packets.length, sequenceFaults, timestampFaults, longestGapMs, offBeatMs };
}

const isAudio = ({ payloadType }: SentPacket) => payloadType === 0 || payloadType === 8;

function explained(before: SentPacket, packet: SentPacket): boolean {
  const step = (packet.timestamp - before.timestamp) >>> 0;
  const tookMs = packet.atMs - before.atMs;
  return step === STEP || (step % STEP === 0 && tookMs > STANDSTILL_MS && step / 8 < tookMs + STANDSTILL_MS);
}
