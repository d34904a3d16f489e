/**
 * The audio of calls over a bad line, in real time: two callers whose clocks are 200 ppm off either way, and two sessions
 * of ours that talk to each other. Calls of up to 10 minutes follow each other; after each, what was heard at its
 * beginning, in its middle and at its end is measured against what was said.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMedia, type Media, type MediaSession } from '@pickup/sip/media';
import {
  judgeLine,
  type LineFigures,
  type LineLimits,
  measureLine,
  speechLike,
  TALKABLE,
} from '@pickup/testkit/audio-measure';
import {
  CallEar,
  judgeStream,
  openRtpTalker,
  openUdpWire,
  ROUGH,
  type RtpTalker,
  type StreamFigures,
  seededRandom,
  type UdpWire,
} from '@pickup/testkit/lossy-link';

const HOST = '127.0.0.1';
const PORTS = [14_000, 14_099] as const;
const RATE = 8_000;
const LONGEST_CALL_S = 600;
/** Shorter ones tell nothing of drift. */
const SHORTEST_CALL_S = 20;
/** Everybody says this over and over. */
const SPEECH_S = 15;
const DRIFT_PPM = 200;
/** Between the beginning of a call and its end; 200 ppm alone are 120 ms in 10 minutes. */
const MOST_DRIFT_MS = 60;
/** Longer standstills than this are heard, whatever a jitter buffer does. */
const STANDSTILL_MS = 150;
/** A busy machine may tell us so much too late that a repetition began. */
const MARGIN_MS = 300;
/** Looked for, with that margin. */
const MOST_DELAY_MS = 900;

/**
 * What a line must keep while the rest of the soak takes all the processors there are, so that packets are late before they
 * reach it. The narrow limits are for the jitter buffer's own tests, in virtual time.
 */
const LIMITS: LineLimits = {
  ...TALKABLE,
  leastIntelligibility: 0.9,
  mostReplacedShare: 0.25,
  mostMissingShare: 0.06,
  mostGapMs: 1_500,
  mostDelayMs: 550,
  mostDriftMs: 300,
};

/** What one listener heard, at the beginning of a call, in its middle and at its end. */
interface EarFigures {
  readonly who: string;
  readonly driftPpm: number;
  readonly slices: readonly LineFigures[];
}

/** What came of one call. */
interface CallFigures {
  readonly ears: readonly EarFigures[];
  /** What the gateway's side sent, before the line. */
  readonly streams: readonly StreamFigures[];
  /** Frames that were not sent since the media thread stood still. */
  readonly skippedFrames: number;
  /** The longest time for which this process, with the callers and the line in it, stood still. */
  readonly standstillMs: number;
}

/**
 * Lets calls go on for `seconds`, at least 20. Resolves with a line about the last of them; rejects with what was wrong.
 */
export async function runMediaSoak({ seconds }: { readonly seconds: number }): Promise<string> {
  const endMs = performance.now() + seconds * 1_000;
  let said = 'no call: the time is too short';
  for (let call = 1; ; call += 1) {
    const leftS = Math.floor((endMs - performance.now()) / 1_000);
    if (leftS < SHORTEST_CALL_S && call > 1) return said;
    const figures = await runCall(Math.max(SHORTEST_CALL_S, Math.min(LONGEST_CALL_S, leftS)), call);
    const faults = judgeCall(figures);
    if (faults.length > 0) throw new Error(`call ${call}: ${faults.join('; ')}`);
    said = `call ${call}: ${summary(figures)}`;
  }
}

interface Ear {
  readonly who: string;
  readonly ear: CallEar;
  /** When a repetition of the speech began to be said. */
  readonly saidAtMs: (repetition: number) => number;
  readonly driftPpm: number;
}

async function runCall(seconds: number, seed: number): Promise<CallFigures> {
  const speech = speechLike(SPEECH_S, seededRandom(seed));
  const media = await createMedia({ host: HOST, ports: PORTS });
  const loop = monitorEventLoopDelay({ resolution: 10 });
  const wires: UdpWire[] = [];
  const talkers: RtpTalker[] = [];
  const openWire = async () => {
    const wire = await openUdpWire({ impairment: ROUGH, seed: seed * 100 + wires.length * 2 });
    wires.push(wire);
    return wire;
  };
  try {
    const ears: Ear[] = [];
    for (const driftPpm of [DRIFT_PPM, -DRIFT_PPM]) {
      const talker = await openRtpTalker({ driftPpm });
      talkers.push(talker);
      ears.push(await callerWithClock({ media, wire: await openWire(), talker, driftPpm, speech, seconds }));
    }
    ears.push(...(await ownPair({ media, wire: await openWire(), speech, seconds })));
    loop.enable();
    await sleep(seconds * 1_000);
    loop.disable();
    // Nothing of what is measured goes on while it is measured.
    const { skippedCycles } = await media.stats();
    for (const talker of talkers.splice(0)) talker.close();
    return {
      ears: ears.map((ear) => ({ who: ear.who, driftPpm: ear.driftPpm, slices: measureSlices(ear, speech, seconds) })),
      streams: wires.map((wire) => judgeStream(wire.sentByFar)),
      skippedFrames: skippedCycles,
      standstillMs: loop.max / 1e6,
    };
  } finally {
    for (const talker of talkers) talker.close();
    for (const wire of wires) wire.close();
    await media.close();
  }
}

interface Talk {
  readonly media: Media;
  readonly wire: UdpWire;
  readonly speech: Int16Array;
  readonly seconds: number;
}

async function callerWithClock(talk: Talk & { readonly talker: RtpTalker; readonly driftPpm: number }): Promise<Ear> {
  const { media, wire, talker, driftPpm, speech, seconds } = talk;
  const session = await openSession(media);
  const ear = new CallEar(session);
  wire.connect({ near: { address: HOST, port: talker.port }, far: { address: HOST, port: session.port } });
  session.start({ address: HOST, port: wire.far.port, payloadType: 0 });
  sayOver(session, speech, seconds);
  const times = Math.ceil(seconds / SPEECH_S) + 1;
  const all = new Int16Array(speech.length * times);
  for (let time = 0; time < times; time += 1) all.set(speech, time * speech.length);
  // A packet can leave when its last sample has been said.
  const startedAtMs = talker.talk(wire.near, all);
  const saidAtMs = (repetition: number) => startedAtMs + (repetition * SPEECH_S * 1_000) / (1 + driftPpm * 1e-6);
  return { who: `caller ${driftPpm > 0 ? '+' : ''}${driftPpm} ppm`, ear, saidAtMs, driftPpm };
}

async function ownPair({ media, wire, speech, seconds }: Talk): Promise<readonly Ear[]> {
  const [near, far] = [await openSession(media), await openSession(media)];
  const ears = [new CallEar(near), new CallEar(far)] as const;
  wire.connect({ near: { address: HOST, port: near.port }, far: { address: HOST, port: far.port } });
  near.start({ address: HOST, port: wire.near.port, payloadType: 0 });
  far.start({ address: HOST, port: wire.far.port, payloadType: 0 });
  const said = [far, near].map((speaker) => sayOver(speaker, speech, seconds));
  return ears.map(
    (ear, side): Ear => ({
      who: ['near', 'far'][side]!,
      ear,
      saidAtMs: (repetition) => said[side]![repetition] ?? Number.POSITIVE_INFINITY,
      driftPpm: 0,
    }),
  );
}

async function openSession(media: Media): Promise<MediaSession> {
  const session = await media.open();
  if (session === undefined) throw new Error('no RTP port is free');
  return session;
}

/**
 * Says it again and again; gives when each repetition began, as far as it has. That is when the one before it was sent, not
 * a matter of the clock: a frame that is skipped delays all that follows.
 */
function sayOver(session: MediaSession, speech: Int16Array, seconds: number): readonly number[] {
  const beganAtMs = [performance.now()];
  for (let time = 0; time * SPEECH_S < seconds + SPEECH_S; time += 1) {
    void session.play(speech).then(() => beganAtMs.push(performance.now()));
  }
  return beganAtMs;
}

/** The second repetition, the middle one and the last that was heard to its end. */
function measureSlices({ ear, saidAtMs }: Ear, speech: Int16Array, seconds: number): LineFigures[] {
  const lengthMs = (speech.length / RATE) * 1_000;
  let last = Math.max(0, Math.floor((seconds - 1) / SPEECH_S) - 1);
  while (last > 0 && saidAtMs(last) + lengthMs > performance.now()) last -= 1;
  const repetitions = [...new Set([Math.min(1, last), Math.floor(last / 2), last])];
  return repetitions.map((repetition) => {
    const fromMs = saidAtMs(repetition) - MARGIN_MS;
    const { delay, ...figures } = measureLine(speech, ear.heard(fromMs, fromMs + MARGIN_MS + lengthMs), MOST_DELAY_MS);
    const [meanMs, leastMs, mostMs] = [delay.meanMs, delay.leastMs, delay.mostMs].map((delayMs) => delayMs - MARGIN_MS);
    return { ...figures, delay: { ...delay, meanMs: meanMs!, leastMs: leastMs!, mostMs: mostMs! } };
  });
}

/** Whether the machine kept the call from being what it would be; then what was heard says more of the machine than of us. */
function disturbed({ streams, skippedFrames, standstillMs }: CallFigures): boolean {
  return skippedFrames > 0 || standstillMs > STANDSTILL_MS || streams.some((one) => one.longestGapMs > STANDSTILL_MS);
}

function judgeCall(figures: CallFigures): readonly string[] {
  const faults = disturbed(figures) ? [] : judgeEars(figures.ears);
  for (const stream of figures.streams) {
    if (stream.sequenceFaults > 0) faults.push(`${stream.sequenceFaults} faults in the sequence sent`);
    if (stream.timestampFaults > 0) faults.push(`${stream.timestampFaults} wrong timestamps sent`);
  }
  return faults;
}

function judgeEars(ears: readonly EarFigures[]): string[] {
  return ears.flatMap(({ who, slices, driftPpm }) => {
    const found = slices.flatMap((slice) => judgeLine(slice, LIMITS));
    const driftMs = slices.at(-1)!.delay.meanMs - slices[0]!.delay.meanMs;
    // The delay may change with the jitter of a busy machine; what counts is that it does not grow on and on.
    const tooMuch = driftPpm !== 0 && Math.abs(driftMs) > MOST_DRIFT_MS;
    return [...found, ...(tooMuch ? [`the delay changed by ${driftMs.toFixed(0)} ms`] : [])].map(
      (fault) => `${who}: ${fault}`,
    );
  });
}

function summary(figures: CallFigures): string {
  const { ears, streams, skippedFrames, standstillMs } = figures;
  const each = ears.map(({ who, slices }) => {
    const delays = slices.map(({ delay }) => delay.meanMs.toFixed(0)).join(', ');
    const understood = Math.min(...slices.map((slice) => slice.intelligibility)).toFixed(3);
    const replaced = Math.max(...slices.map((slice) => slice.replacedShare * 100)).toFixed(1);
    return `${who} ${delays} ms late, intelligibility ${understood}, ${replaced} % replaced`;
  });
  const gapMs = Math.max(...streams.map((stream) => stream.longestGapMs)).toFixed(0);
  const judged = disturbed(figures) ? 'not judged, the machine stood still' : 'good';
  const machine = `longest standstill ${standstillMs.toFixed(0)} ms, ${skippedFrames} frames skipped`;
  return `${judged}: ${each.join('; ')}; longest gap between packets sent ${gapMs} ms, ${machine}`;
}
