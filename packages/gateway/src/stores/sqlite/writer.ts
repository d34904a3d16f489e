/**
 * The main thread's side of the writer: collects commands while a commit runs, sends them as one batch
 * when it has ended, and settles their promises when they are on the disk.
 *
 * Should the thread die, everything pending is rejected with StoreUnavailable (whether it was written is
 * unknown), and a new thread takes over. One that dies three times within a minute will not get better:
 * `onFatal` is called and the process is expected to end, loudly.
 */
import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../port.ts';
import type { BatchAnswer, Cell, FailedCommand } from './cells.ts';
import type { WriterData } from './writer-thread.ts';

const DEATHS_ALLOWED = 3;
const DEATHS_WITHIN_MS = 60_000;
/** What nobody waits for may lie this long for others to share a commit with. */
const LINGER_MS = 4;

interface Waiter {
  readonly resolve: (result: Cell) => void;
  readonly reject: (error: Error) => void;
}

export interface WriterOptions {
  readonly data: WriterData;
  readonly monoMs: () => number;
  readonly onDeath: (error: Error) => void;
  readonly onFatal: (error: Error) => void;
}

export class Writer {
  readonly #options: WriterOptions;
  #worker: Worker;
  #queue: Cell[] = [];
  #queued: Waiter[] = [];
  #inFlight: Waiter[] = [];
  #flushing = false;
  /** Is there anything in the queue that must not linger? */
  #hurried = false;
  #lingering: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;
  #closed = false;
  #deaths: number[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  /** Settles once the command's batch is durable. Rejects with StoreUnavailable where it could not be. */
  send(command: string, cells: readonly Cell[]): Promise<Cell> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('The store is closed.'));
    this.#hurry();
    return this.#push(command, cells);
  }

  /** Nothing waits to be written or is being written. */
  get isIdle(): boolean {
    return this.#queued.length + this.#inFlight.length === 0;
  }

  /** As `send`, for what no caller waits for: it goes with the next commit, or alone within 4 ms. */
  sendUnhurried(command: string, cells: readonly Cell[]): Promise<Cell> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('The store is closed.'));
    this.#lingering ??= setTimeout(() => this.#hurry(), LINGER_MS);
    return this.#push(command, cells);
  }

  /** Waits for what is queued, then ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hurry();
    if (this.#queued.length + this.#inFlight.length > 0) {
      await new Promise<void>((resolve) => {
        this.#closing = resolve;
      });
    }
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close');
    await ended;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
      workerData: this.#options.data,
      name: 'pickup-store-writer',
    });
    let fault: Error | undefined;
    worker.on('message', (answer: BatchAnswer) => this.#settle(answer));
    worker.on('error', (error: Error) => {
      fault = error;
    });
    worker.on('exit', (code) => {
      if (!this.#closed || this.#inFlight.length > 0) this.#died(fault ?? new Error(`exit code ${code}`));
    });
    return worker;
  }

  #push(command: string, cells: readonly Cell[]): Promise<Cell> {
    this.#queue.push(command, cells.length, ...cells);
    return new Promise<Cell>((resolve, reject) => this.#queued.push({ resolve, reject }));
  }

  #hurry(): void {
    this.#hurried = true;
    if (this.#flushing || this.#inFlight.length > 0) return;
    // After the events of this turn of the loop, so that those that came together share a commit.
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    this.#hurried = false;
    if (this.#queued.length === 0) return;
    const batch = this.#queue;
    this.#inFlight = this.#queued;
    this.#queue = [];
    this.#queued = [];
    this.#worker.postMessage(batch);
  }

  #settle(answer: BatchAnswer): void {
    const waiters = this.#inFlight;
    this.#inFlight = [];
    // The next commit starts before this one's callers go on: the disk is the narrow place.
    if (this.#hurried) this.#flush();
    if ('unavailable' in answer) rejectAll(waiters, answer.unavailable);
    else for (let at = 0; at < waiters.length; at += 1) settleOne(waiters[at]!, answer.results[at]!);
    this.#endIfDrained();
  }

  #died(error: Error): void {
    const waiters = [...this.#inFlight, ...this.#queued];
    this.#inFlight = [];
    this.#queued = [];
    this.#queue = [];
    rejectAll(waiters, `The store's writer thread ended: ${error.message}`);
    this.#options.onDeath(error);
    const now = this.#options.monoMs();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now];
    if (this.#deaths.length >= DEATHS_ALLOWED) {
      this.#closed = true;
      this.#options.onFatal(error);
    } else {
      this.#worker = this.#start();
    }
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (this.#queued.length + this.#inFlight.length === 0) this.#closing?.();
  }

  /** For tests of what follows: ends the thread as a crash would. */
  kill(): Promise<number> {
    return this.#worker.terminate();
  }
}

function settleOne(waiter: Waiter, result: Cell | FailedCommand): void {
  if (result !== null && typeof result === 'object') waiter.reject(new Error(result.failed));
  else waiter.resolve(result);
}

function rejectAll(waiters: readonly Waiter[], reason: string): void {
  for (const waiter of waiters) waiter.reject(new StoreUnavailable(reason));
}
