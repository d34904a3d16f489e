import type { ToWorker } from './protocol.ts';

/** Where an outbox leads to: a `MessagePort` or `Worker`. */
export interface OutboxTarget {
  postMessage(messages: readonly ToWorker[], transfer?: readonly ArrayBuffer[]): void;
}

/**
 * What the main thread tells the worker, in order: all that is said within one turn goes as one message, since each
 * wakes the other thread. What moves a buffer goes at once, so that a buffer that cannot be moved is its caller's fault.
 */
export class Outbox {
  readonly #target: OutboxTarget;
  #waiting: ToWorker[] = [];

  constructor(target: OutboxTarget) {
    this.#target = target;
  }

  post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    if (transfer.length > 0) {
      this.#flush();
      this.#target.postMessage([message], transfer);
      return;
    }
    if (this.#waiting.push(message) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    if (messages.length === 0) return;
    this.#waiting = [];
    this.#target.postMessage(messages);
  }
}
