import type { SentPacket } from './udp-wire.ts';

const STEP = 160;

/** How regular a sender's stream of audio is, where it leaves the sender. */
export interface StreamFigures {
  readonly packets: number;
  /** Steps of the sequence other than 1. */
  readonly sequenceFaults: number;
  /** Audio packets whose timestamp is not what 20 ms for each number of the sequence make of it. */
  readonly timestampFaults: number;
  readonly longestGapMs: number;
  /** How far packets are from their beat, 95 % of them. */
  readonly offBeatMs: number;
}

/** Judges packets of 20 ms, in order of their coming; telephone events keep their first timestamp and are left out of that. */
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
    const audio = packet.payloadType === 0 || packet.payloadType === 8;
    const due = (first.timestamp + ((packet.sequence - first.sequence) & 0xffff) * STEP) >>> 0;
    if (audio && packets.length < 0x10000 && packet.timestamp !== due) timestampFaults += 1;
  }
  const middle = [...beats].sort((left, right) => left - right)[beats.length >> 1]!;
  const off = beats.map((beat) => Math.abs(beat - middle)).sort((left, right) => left - right);
  const offBeatMs = off[Math.floor(off.length * 0.95)]!;
  return { packets: packets.length, sequenceFaults, timestampFaults, longestGapMs, offBeatMs };
}
