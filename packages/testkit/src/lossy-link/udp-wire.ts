import type { Buffer } from 'node:buffer';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseRtp } from '@pickup/sip/media';
import { ImpairedPath, type Impairment } from './impairment.ts';
import { seededRandom } from './seeded-random.ts';

const HOST = '127.0.0.1';
const TRIES = 50;

/** An RTP address; RTCP is one port above. */
export interface MediaAddress {
  readonly address: string;
  readonly port: number;
}

/** An RTP packet as it came to the wire, before anything happened to it. */
export interface SentPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly payloadType: number;
  readonly atMs: number;
}

/** What became of the packets of one direction, RTCP included. */
export interface WireFigures {
  readonly sent: number;
  readonly lost: number;
  readonly copied: number;
  /** Arrived behind one that was sent after it. */
  readonly overtaken: number;
}

/** An impaired wire for the media of one call: what reaches one end leaves from the other. */
export interface UdpWire {
  /** Where the near peer sends to, and hears from. */
  readonly near: MediaAddress;
  readonly far: MediaAddress;
  /** Names the peers. What comes before is lost; what comes from others too. */
  connect(peers: { readonly near: MediaAddress; readonly far: MediaAddress }): void;
  /** What each peer sent, in order of its coming. */
  readonly sentByNear: readonly SentPacket[];
  readonly sentByFar: readonly SentPacket[];
  figures(): { readonly toFar: WireFigures; readonly toNear: WireFigures };
  close(): void;
}

/** Opens four sockets on free ports of 127.0.0.1. Both directions are impaired alike, each by its own chance from `seed`. */
export async function openUdpWire(options: {
  readonly impairment: Impairment;
  readonly seed: number;
}): Promise<UdpWire> {
  const [near, far] = [await openPair(), await openPair()];
  const { impairment, seed } = options;
  const toFar = new Direction(far, new ImpairedPath(impairment, seededRandom(seed)));
  const toNear = new Direction(near, new ImpairedPath(impairment, seededRandom(seed + 1)));
  for (const rtcp of [0, 1] as const) {
    near[rtcp].on('message', (bytes, from) => toFar.carry(bytes, from.port, rtcp));
    far[rtcp].on('message', (bytes, from) => toNear.carry(bytes, from.port, rtcp));
  }
  return {
    near: { address: HOST, port: near[0].address().port },
    far: { address: HOST, port: far[0].address().port },
    connect(peers) {
      toFar.between(peers.near, peers.far);
      toNear.between(peers.far, peers.near);
    },
    sentByNear: toFar.packets,
    sentByFar: toNear.packets,
    figures: () => ({ toFar: toFar.figures(), toNear: toNear.figures() }),
    close() {
      for (const direction of [toFar, toNear]) direction.close();
      for (const socket of [...near, ...far]) socket.close();
    },
  };
}

type Pair = readonly [Socket, Socket];

/** An even port and the one above. */
async function openPair(): Promise<Pair> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = await bind(0);
    const port = first?.address().port ?? 1;
    const second = port % 2 === 0 ? await bind(port + 1) : undefined;
    if (first !== undefined && second !== undefined) return [first, second];
    first?.close();
  }
  throw new Error('No two free UDP ports in a row.');
}

async function bind(port: number): Promise<Socket | undefined> {
  const socket = createSocket('udp4');
  try {
    await once(socket.bind(port, HOST), 'listening');
    // A peer that left (ICMP) is no fault of the wire.
    return socket.on('error', () => {});
  } catch {
    socket.close();
    return undefined;
  }
}

class Direction {
  readonly packets: SentPacket[] = [];
  readonly #exit: Pair;
  readonly #path: ImpairedPath;
  readonly #timers = new Set<NodeJS.Timeout>();
  #from: MediaAddress | undefined;
  #to: MediaAddress | undefined;
  #sent = 0;
  #lost = 0;
  #copied = 0;
  #overtaken = 0;
  #last = 0;

  constructor(exit: Pair, path: ImpairedPath) {
    this.#exit = exit;
    this.#path = path;
  }

  between(from: MediaAddress, to: MediaAddress): void {
    this.#from = from;
    this.#to = to;
  }

  carry(bytes: Buffer, fromPort: number, rtcp: 0 | 1): void {
    if (this.#from === undefined || fromPort !== this.#from.port + rtcp) return;
    const nowMs = performance.now();
    const packet = rtcp === 0 ? parseRtp(bytes) : undefined;
    if (packet !== undefined) {
      const { sequence, timestamp, payloadType } = packet;
      this.packets.push({ sequence, timestamp, payloadType, atMs: nowMs });
    }
    this.#sent += 1;
    const number = this.#sent;
    const arrivals = this.#path.carry(nowMs);
    if (arrivals.length === 0) this.#lost += 1;
    if (arrivals.length > 1) this.#copied += 1;
    for (const atMs of arrivals) this.#later(atMs - nowMs, () => this.#deliver(bytes, number, rtcp));
  }

  figures(): WireFigures {
    return { sent: this.#sent, lost: this.#lost, copied: this.#copied, overtaken: this.#overtaken };
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#to = undefined;
  }

  #later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }

  #deliver(bytes: Buffer, number: number, rtcp: 0 | 1): void {
    if (this.#to === undefined) return;
    if (number < this.#last) this.#overtaken += 1;
    this.#last = Math.max(this.#last, number);
    this.#exit[rtcp].send(bytes, this.#to.port + rtcp, this.#to.address);
  }
}
