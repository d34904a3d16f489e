import { Worker } from 'node:worker_threads';
import { type MediaSession, SessionHandle } from './media-session.ts';
import { Outbox, type OutboxTarget } from './outbox.ts';
import type { FromWorker, MediaStats } from './protocol.ts';

/** Settings of the media engine. */
export interface MediaOptions {
  /** Address the RTP sockets are bound to, unless `open` names another. */
  readonly host: string;
  /** First and last RTP port; the even ones are used, those taken by others are skipped. Keep below 32768. */
  readonly ports: readonly [number, number];
  /**
   * Told of faults of ours: a bug ended one session, or the worker died and all of them. After the latter the next
   * `open` starts another worker.
   */
  readonly onFailure?: (error: Error) => void;
}

/** The media engine: RTP in a worker thread of its own. */
export interface Media {
  /**
   * A session on a port of the range, or `undefined` when none is free or the worker died meanwhile. Rejects once
   * closed, and where no socket can be had at all (`host` is not ours, no file descriptors left). `host`: the address
   * to bind, IPv4 or IPv6, `::` taking IPv6 alone; default that of `MediaOptions`.
   */
  open(options?: { readonly host?: string }): Promise<MediaSession | undefined>;
  /** Figures of the whole engine. */
  stats(): Promise<MediaStats>;
  /** Closes every session and ends the worker. */
  close(): Promise<void>;
}

/** Starts the worker thread and resolves when it runs. Rejects when it cannot. */
export async function createMedia(options: MediaOptions): Promise<Media> {
  const engine = new MediaEngine(options);
  await engine.stats();
  return engine;
}

class MediaEngine implements Media {
  readonly #options: MediaOptions;
  readonly #sessions = new Map<number, SessionHandle>();
  readonly #opening = new Map<number, { resolve(port: number | undefined): void; reject(error: unknown): void }>();
  readonly #statsWaiting = new Map<number, { resolve(stats: MediaStats): void; reject(error: Error): void }>();
  #worker: Worker | undefined;
  /** Leads to `#worker`. */
  #outbox: Outbox | undefined;
  #count = 0;
  #closed = false;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  async open(options: { readonly host?: string } = {}): Promise<MediaSession | undefined> {
    const worker = this.#running();
    const id = ++this.#count;
    const answered = new Promise<number | undefined>((resolve, reject) => {
      this.#opening.set(id, { resolve, reject });
    });
    this.#outbox?.post({ kind: 'open', session: id, host: options.host ?? this.#options.host });
    const port = await answered;
    if (port === undefined || this.#worker !== worker) return undefined;
    return this.#sessions.get(id);
  }

  stats(): Promise<MediaStats> {
    this.#running();
    const request = ++this.#count;
    const answer = new Promise<MediaStats>((resolve, reject) => this.#statsWaiting.set(request, { resolve, reject }));
    this.#outbox?.post({ kind: 'mediaStats', request });
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#abandonAll(new Error('The media engine is closed.'));
    await worker?.terminate();
  }

  #running(): Worker {
    if (this.#closed) throw new Error('The media engine is closed.');
    this.#worker ??= this.#spawn();
    return this.#worker;
  }

  #spawn(): Worker {
    const { ports } = this.#options;
    const worker = new Worker(new URL('./media-worker.ts', import.meta.url), { workerData: { ports } });
    this.#outbox = new Outbox(worker as OutboxTarget);
    worker.on('message', (message: FromWorker) => this.#hear(worker, message));
    worker.on('error', (error) => this.#fail(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', (code) => this.#fail(worker, new Error(`The media worker ended with code ${code}.`)));
    return worker;
  }

  #hear(worker: Worker, message: FromWorker): void {
    if (worker !== this.#worker) return;
    if (message.kind === 'mediaStats') {
      this.#statsWaiting.get(message.request)?.resolve(message.stats);
      this.#statsWaiting.delete(message.request);
    } else if (message.kind === 'opened') {
      this.#opened(message);
    } else {
      if (message.kind === 'failed') this.#options.onFailure?.(message.error);
      this.#sessions.get(message.session)?.hear(message);
    }
  }

  #opened(message: Extract<FromWorker, { kind: 'opened' }>): void {
    const { session: id, port, error } = message;
    const outbox = this.#outbox;
    if (port !== undefined && outbox !== undefined) {
      const handle = new SessionHandle({
        id,
        port,
        post: (said, transfer) => outbox.post(said, transfer),
        left: () => this.#sessions.delete(id),
      });
      this.#sessions.set(id, handle);
    }
    if (error === undefined) this.#opening.get(id)?.resolve(port);
    else this.#opening.get(id)?.reject(error);
    this.#opening.delete(id);
  }

  #fail(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    for (const session of [...this.#sessions.values()]) session.fail(error);
    this.#abandonAll(error);
    this.#options.onFailure?.(error);
  }

  #abandonAll(error: Error): void {
    for (const session of [...this.#sessions.values()]) session.abandon();
    for (const waiting of this.#opening.values()) waiting.resolve(undefined);
    for (const waiting of this.#statsWaiting.values()) waiting.reject(error);
    this.#opening.clear();
    this.#statsWaiting.clear();
  }
}
