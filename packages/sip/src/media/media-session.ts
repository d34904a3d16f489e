import type { AudioDirection, FromWorker, RtpRemote, SessionStats, ToWorker } from './protocol.ts';

/** Hears 20 ms of one direction. */
export type TapListener = (direction: AudioDirection, samples: Int16Array, frame: number) => void;

/** One call's audio as the main thread sees it. After `close` every method is without effect. */
export interface MediaSession {
  /** The even RTP port really bound. */
  readonly port: number;
  /**
   * Begins sending: a packet each 20 ms, silence when nothing is queued, so that NATs and phones stay content.
   * Called again (re-INVITE) it changes remote or codec.
   */
  start(remote: RtpRemote): void;
  /**
   * Queues 8 kHz mono samples behind what is queued. Resolves when the last one was sent, was flushed, or the session
   * closed; never rejects. The samples are copied; with `handOver` their buffer moves to the worker instead and the
   * caller's array is empty afterwards. Samples in a SharedArrayBuffer are played where they lie: nobody may write them
   * any more.
   */
  play(samples: Int16Array, options?: { readonly handOver?: boolean }): Promise<void>;
  /** Drops what is queued. */
  flush(): void;
  /** Calls back once, at the first packet that is the call's. */
  onFirstPacket(fn: () => void): void;
  /** Calls back when the caller begins (after 60 ms of speech) and stops (after 300 ms without) speaking. */
  onSpeech(fn: (speaking: boolean) => void): void;
  /** Calls back at each DTMF key (RFC 4733) of the caller, one of `0123456789*#ABCD`, once it is over. */
  onDigit(fn: (digit: string, durationMs: number) => void): void;
  /** Calls back when no packet came for `afterMs` since the start, the last packet or the end of a hold (F4). */
  onNoRtp(afterMs: number, fn: () => void): void;
  /** Calls back once when a fault of ours (a bug, the worker's death) closed the session. */
  onFailed(fn: (error: Error) => void): void;
  /** While held nothing is sent, the queue waits, and missing packets are no fault. */
  setHold(held: boolean): void;
  /**
   * Hears both directions from now on, for recording; off until first called. 20 ms frames: `out` while not on hold,
   * `in` from the first packet on, behind the jitter buffer, with what is lost concealed. `frame` counts periods of
   * 20 ms since the first frame tapped: frames of the same number were heard and said at the same time, and one that is
   * missing is a pause. `samples` are the listener's own.
   */
  tap(fn: TapListener): void;
  /**
   * Packets sent and received, losses, jitter, gaps, what the jitter buffer did and what the peer reports; once closed
   * the last figures. Zeros where the session was never started, or the worker died.
   */
  stats(): Promise<SessionStats>;
  /** Frees the port; what was playing resolves. */
  close(): void;
}

/** Sends to the worker, moving the buffers named. */
export type Post = (message: ToWorker, transfer?: ArrayBuffer[]) => void;

const NO_STATS: SessionStats = {
  codec: undefined,
  srtp: undefined,
  packetsSent: 0,
  maxSendGapMs: 0,
  packetsReceived: 0,
  lost: 0,
  jitterMs: 0,
  rejectedPackets: 0,
  maxGapMs: 0,
  concealedMs: 0,
  latePackets: 0,
  discardedPackets: 0,
  bufferMs: 0,
  reportsSent: 0,
  reportsReceived: 0,
  rttMs: undefined,
  mos: undefined,
  peer: undefined,
};

/** The main thread's half of a session; the other half is `RtpSession` in the worker. */
export class SessionHandle implements MediaSession {
  readonly port: number;
  readonly #id: number;
  readonly #post: Post;
  readonly #left: () => void;
  readonly #plays = new Map<number, () => void>();
  readonly #statsWaiting = new Map<number, (stats: SessionStats) => void>();
  readonly #firstPacket: (() => void)[] = [];
  readonly #speech: ((speaking: boolean) => void)[] = [];
  readonly #digits: ((digit: string, durationMs: number) => void)[] = [];
  readonly #noRtp: { readonly afterMs: number; readonly fn: () => void }[] = [];
  readonly #taps: TapListener[] = [];
  readonly #failed: ((error: Error) => void)[] = [];
  #count = 0;
  #heard = false;
  #closed = false;
  /** The figures at the close. */
  #last: Promise<SessionStats> | undefined;

  constructor(options: { readonly id: number; readonly port: number; readonly post: Post; readonly left: () => void }) {
    this.#id = options.id;
    this.port = options.port;
    this.#post = options.post;
    this.#left = options.left;
  }

  start(remote: RtpRemote): void {
    this.#tell({ kind: 'start', session: this.#id, remote });
  }

  play(samples: Int16Array, options: { readonly handOver?: boolean } = {}): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const isShared = samples.buffer instanceof SharedArrayBuffer;
    const own = isShared || options.handOver === true ? samples : samples.slice();
    const play = ++this.#count;
    const done = new Promise<void>((resolve) => this.#plays.set(play, resolve));
    this.#post({ kind: 'play', session: this.#id, play, samples: own }, isShared ? [] : [own.buffer as ArrayBuffer]);
    return done;
  }

  flush(): void {
    this.#tell({ kind: 'flush', session: this.#id });
  }

  onFirstPacket(fn: () => void): void {
    if (this.#heard) fn();
    else this.#firstPacket.push(fn);
  }

  onSpeech(fn: (speaking: boolean) => void): void {
    if (this.#speech.push(fn) === 1) this.#tell({ kind: 'watchSpeech', session: this.#id });
  }

  onDigit(fn: (digit: string, durationMs: number) => void): void {
    this.#digits.push(fn);
  }

  onNoRtp(afterMs: number, fn: () => void): void {
    const known = this.#noRtp.some((watch) => watch.afterMs === afterMs);
    this.#noRtp.push({ afterMs, fn });
    if (!known) this.#tell({ kind: 'watchNoRtp', session: this.#id, afterMs });
  }

  onFailed(fn: (error: Error) => void): void {
    this.#failed.push(fn);
  }

  setHold(held: boolean): void {
    this.#tell({ kind: 'hold', session: this.#id, held });
  }

  tap(fn: TapListener): void {
    if (this.#taps.push(fn) === 1) this.#tell({ kind: 'tap', session: this.#id });
  }

  stats(): Promise<SessionStats> {
    if (this.#closed) return this.#last ?? Promise.resolve(NO_STATS);
    return this.#askStats();
  }

  #askStats(): Promise<SessionStats> {
    const request = ++this.#count;
    const answer = new Promise<SessionStats>((resolve) => this.#statsWaiting.set(request, resolve));
    this.#post({ kind: 'stats', session: this.#id, request });
    return answer;
  }

  close(): void {
    if (this.#closed) return;
    // Asked for before the end is told, so they come; until then the engine keeps this half.
    this.#last = this.#askStats();
    void this.#last.then(() => this.#left());
    this.#post({ kind: 'close', session: this.#id });
    this.#end();
  }

  /** Ends this half without telling the worker: it is gone, or has been told. */
  abandon(): void {
    this.#end();
    this.#left();
    for (const resolve of this.#statsWaiting.values()) resolve(NO_STATS);
    this.#statsWaiting.clear();
  }

  #end(): void {
    this.#closed = true;
    for (const resolve of this.#plays.values()) resolve();
    this.#plays.clear();
  }

  /** Ends this half because of a fault of ours. */
  fail(error: Error): void {
    const wasOpen = !this.#closed;
    this.abandon();
    if (wasOpen) for (const fn of this.#failed) fn(error);
  }

  /** A message of the worker about this session. */
  hear(message: FromWorker): void {
    if (this.#closed && message.kind !== 'stats' && message.kind !== 'failed') return;
    switch (message.kind) {
      case 'played':
        for (const play of message.plays) this.#settlePlay(play);
        return;
      case 'firstPacket':
        this.#heard = true;
        for (const fn of this.#firstPacket.splice(0)) fn();
        return;
      case 'speech':
        for (const fn of this.#speech) fn(message.speaking);
        return;
      case 'digit':
        for (const fn of this.#digits) fn(message.digit, message.durationMs);
        return;
      case 'noRtp':
        for (const watch of this.#noRtp) if (watch.afterMs === message.afterMs) watch.fn();
        return;
      case 'tapped':
        for (const fn of this.#taps) fn(message.direction, message.samples, message.frame);
        return;
      case 'stats':
        this.#statsWaiting.get(message.request)?.(message.stats);
        this.#statsWaiting.delete(message.request);
        return;
      case 'failed':
        return this.fail(message.error);
      case 'opened':
      case 'mediaStats':
        return;
    }
  }

  #settlePlay(play: number): void {
    this.#plays.get(play)?.();
    this.#plays.delete(play);
  }

  #tell(message: ToWorker): void {
    if (!this.#closed) this.#post(message);
  }
}
