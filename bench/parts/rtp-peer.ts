/**
 * The callers' ends of many calls' audio: one socket that every call sends to and is sent from. A call is told from the
 * others by the port it comes from. Gaps are stamped as Node hands the packets over, so they hold this process's own
 * delays as well: what is measured is at most that good.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { answerQuestions } from './answer-questions.ts';
import { addTo, advance, beat, rtpPacket, type Slots } from './slots.ts';
import { usage } from './usage.ts';

interface Caller {
  readonly port: number;
  readonly packet: Buffer;
  heardAtMs: number;
}

const BIN_MS = 0.1;
const MOST_MS = 1_000;
const RECEIVE_BUFFER_BYTES = 4_194_304;

// Ahead of everything that is measured, where the system allows it: a stamp must not wait for the lists.
const STAMP_NICE = -15;
try {
  setPriority(STAMP_NICE);
} catch {
  // Not root: the stamps are then as late as the machine is busy.
}

const callers = new Map<number, Caller>();
const slots: Slots<Caller> = [[], [], [], []];
/** How often a gap of so many tenths of a millisecond was seen. */
let gaps = new Uint32Array(MOST_MS / BIN_MS + 1);
let counting = false;
let received = 0;
let talking = false;

const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
socket.on('error', () => {});
socket.on('message', (_packet, { port }) => {
  const nowMs = performance.now();
  const caller = callers.get(port);
  if (caller === undefined) return meet(port, nowMs);
  if (counting) {
    const bin = Math.floor((nowMs - caller.heardAtMs) / BIN_MS);
    gaps[Math.min(bin, gaps.length - 1)]! += 1;
    received += 1;
  }
  caller.heardAtMs = nowMs;
});

function meet(port: number, nowMs: number): void {
  const caller = { port, packet: rtpPacket(port), heardAtMs: nowMs };
  callers.set(port, caller);
  addTo(slots, caller);
}

// Listened for first: with a synchronous lookup the event comes during bind.
const listening = once(socket, 'listening');
socket.bind(0, '127.0.0.1');
await listening;
socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
beat(slots, ({ packet, port }) => {
  if (!talking) return;
  advance(packet);
  socket.send(packet, port, '127.0.0.1');
});

function quantileMs(q: number): number {
  let left = q * received;
  for (const [bin, count] of gaps.entries()) {
    left -= count;
    if (left <= 0) return (bin + 1) * BIN_MS;
  }
  return MOST_MS;
}

answerQuestions<object>(
  { port: socket.address().port },
  {
    usage,
    /** Forgets the callers of before. `both`: talks to whoever is heard. */
    expect({ both }: { both: boolean }) {
      callers.clear();
      for (const slot of slots) slot.length = 0;
      talking = both;
      return {};
    },
    count() {
      gaps = new Uint32Array(gaps.length);
      received = 0;
      for (const caller of callers.values()) caller.heardAtMs = performance.now();
      counting = true;
      return {};
    },
    gaps() {
      counting = false;
      const max = (gaps.findLastIndex((count) => count > 0) + 1) * BIN_MS;
      const [p50, p99, p999] = [0.5, 0.99, 0.999].map(quantileMs);
      return { callers: callers.size, received, p50, p99, p999, max };
    },
  },
);
