/** A beat of 20 ms in four slots on one timer, with absolute deadlines: the least a sender of many streams can do. */

const SLOT_MS = 5;

/** Streams by slot. */
export type Slots<T> = readonly [T[], T[], T[], T[]];

/** Sends each stream's packet once in 20 ms, for as long as the process lives; what was missed is sent at once. */
export function beat<T>(slots: Slots<T>, send: (stream: T) => void): void {
  const originMs = performance.now();
  let tick = 0;
  const run = () => {
    const due = Math.floor((performance.now() - originMs) / SLOT_MS);
    for (; tick <= due; tick += 1) for (const stream of slots[(tick % 4) as 0 | 1 | 2 | 3]) send(stream);
    setTimeout(run, originMs + tick * SLOT_MS - performance.now());
  };
  run();
}

/** Adds to the emptiest slot. */
export function addTo<T>(slots: Slots<T>, stream: T): void {
  slots.reduce((best, slot) => (slot.length < best.length ? slot : best)).push(stream);
}

/** A packet of 20 ms of silence in PCMU, for `advance` to make the next one of. */
export function rtpPacket(ssrc: number): Buffer {
  const packet = Buffer.alloc(172, 0xff);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(0, 2);
  packet.writeUInt32BE(0, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

/** Makes the packet the next one of its stream. */
export function advance(packet: Buffer): void {
  packet.writeUInt16BE((packet.readUInt16BE(2) + 1) & 0xffff, 2);
  packet.writeUInt32BE((packet.readUInt32BE(4) + 160) >>> 0, 4);
}
