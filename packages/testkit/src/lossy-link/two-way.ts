import { setTimeout as sleep } from 'node:timers/promises';
import { createMedia, type Media, type MediaSession, type SessionStats } from '@pickup/sip/media';
import { type LineFigures, measureLine } from '../audio-measure/index.ts';
import { CallEar } from './call-ear.ts';
import type { Impairment } from './impairment.ts';
import { judgeStream, type StreamFigures } from './judge-stream.ts';
import { openUdpWire, type WireFigures } from './udp-wire.ts';

const HOST = '127.0.0.1';
/** Until all that was said has been heard. */
const TAIL_MS = 700;

/** A talk in which both say something. */
export interface TwoWayTalk {
  /** What each says, 8 kHz; both at the same time. */
  readonly near: Int16Array;
  readonly far: Int16Array;
  /** Absent: no wire of ours between them, as where the network itself is impaired. */
  readonly impairment?: Impairment;
  readonly seed: number;
  /** Even and odd RTP ports of both. */
  readonly ports: readonly [number, number];
}

/** What came of one direction. */
export interface OneWay {
  readonly line: LineFigures;
  readonly stats: SessionStats;
  /** Of the sender, before the wire; absent without one. */
  readonly stream: StreamFigures | undefined;
  readonly wire: WireFigures | undefined;
}

/**
 * Lets two media sessions of ours talk to each other over real sockets in real time, and measures on each side what was
 * heard behind the jitter buffer.
 */
export async function talkBothWays(talk: TwoWayTalk): Promise<{ readonly toFar: OneWay; readonly toNear: OneWay }> {
  const media = await createMedia({ host: HOST, ports: talk.ports });
  const wire = talk.impairment && (await openUdpWire({ impairment: talk.impairment, seed: talk.seed }));
  try {
    const [near, far] = [await openSession(media), await openSession(media)];
    wire?.connect({ near: { address: HOST, port: near.port }, far: { address: HOST, port: far.port } });
    const [nearEar, farEar] = [new CallEar(near), new CallEar(far)];
    near.start({ address: HOST, port: wire?.near.port ?? far.port, payloadType: 0 });
    far.start({ address: HOST, port: wire?.far.port ?? near.port, payloadType: 0 });
    const fromMs = performance.now();
    await Promise.all([near.play(talk.near), far.play(talk.far)]);
    await sleep(TAIL_MS);
    const [nearStats, farStats] = [await near.stats(), await far.stats()];
    const figures = wire?.figures();
    const hear = (ear: CallEar, said: Int16Array, stats: SessionStats, sent: 'toFar' | 'toNear'): OneWay => ({
      line: measureLine(said, ear.heard(fromMs)),
      stats,
      stream: wire && judgeStream(sent === 'toFar' ? wire.sentByNear : wire.sentByFar),
      wire: figures?.[sent],
    });
    return { toFar: hear(farEar, talk.near, farStats, 'toFar'), toNear: hear(nearEar, talk.far, nearStats, 'toNear') };
  } finally {
    wire?.close();
    await media.close();
  }
}

async function openSession(media: Media): Promise<MediaSession> {
  const session = await media.open();
  if (session === undefined) throw new Error('No RTP port is free.');
  return session;
}
