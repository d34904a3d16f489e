/** The main thread's side of the reader. A thread that dies rejects what it was asked and is started anew on demand. */
import { Worker } from 'node:worker_threads';
import { BadPaginationKey } from '../page.ts';
import { StoreUnavailable } from '../port.ts';
import type { ListResult, Lists } from './read-lists.ts';
import type { ReadAnswer, ReaderData } from './reader-thread.ts';
import type { ScanLimits } from './scan-list.ts';

interface Waiter {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export class Reader {
  readonly #data: ReaderData;
  readonly #waiting = new Map<number, Waiter>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  /** The thread starts with the first list. */
  constructor(file: string, limits: ScanLimits) {
    this.#data = { file, limits };
  }

  /** Runs a list by name. */
  ask<Name extends keyof Lists>(name: Name, request: Parameters<Lists[Name]>[0]): Promise<ListResult<Name>> {
    if (this.#closed) return Promise.reject(new StoreUnavailable('The store is closed.'));
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage([id, name, JSON.stringify(request)]);
    });
  }

  /** Ends the thread after what it was asked. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close');
    await ended;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), {
      workerData: this.#data,
      name: 'pickup-store-reader',
    });
    let fault = 'it ended';
    worker.on('message', (answer: ReadAnswer) => this.#settle(answer));
    worker.on('error', (error: Error) => {
      fault = error.message;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const waiters = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of waiters) reject(new StoreUnavailable(`The store's reader thread failed: ${fault}`));
    });
    return worker;
  }

  #settle(answer: ReadAnswer): void {
    const waiter = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('text' in answer) waiter?.resolve(answer.text as never);
    else if ('result' in answer) waiter?.resolve(JSON.parse(answer.result) as never);
    else waiter?.reject(answer.badKey ? new BadPaginationKey(answer.failed) : new Error(answer.failed));
  }
}
