/** The main thread's side of the text thread. One that dies rejects what it was asked, and is started anew on demand. */
import { Worker } from 'node:worker_threads';
import { type Form, toForm } from './form.ts';
import type { Document } from './read-document.ts';
import type { PassageSizes } from './split-text.ts';
import type { TextAnswer, TextJob, TextResults } from './text-thread.ts';

/** A document whose passages are read one piece after the other. */
export interface OpenDocument {
  /** The next passages; undefined after the last. */
  next(): Promise<readonly string[] | undefined>;
  /** Gives up the rest. */
  close(): void;
}

interface Waiter {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** No document takes this long; a thread that does is stuck. */
const JOB_LIMIT_MS = 60_000;

export class TextReader {
  readonly #waiting = new Map<number, Waiter>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** `too_large` where it has too many parts or too long ones, `no_form` where it cannot be read. */
  async form(body: Uint8Array, contentType: string): Promise<Form | 'too_large' | 'no_form'> {
    const own = ownBytes(body);
    const { result } = await this.#ask<'form'>({ do: 'form', body: own, contentType }, [own.buffer]);
    return typeof result === 'string' ? result : toForm(result);
  }

  /** Opens a document; its bytes are gone afterwards. `heading` is put before its text. */
  async open(
    document: Document,
    sizes: PassageSizes,
    heading?: string,
  ): Promise<OpenDocument | { readonly reason: string }> {
    const bytes = ownBytes(document.bytes);
    const job = {
      do: 'open' as const,
      document: { ...document, bytes },
      sizes,
      ...(heading !== undefined && { heading }),
    };
    const { id, result } = await this.#ask<'open'>(job, [bytes.buffer]);
    if (!result.ok) return { reason: result.reason };
    return {
      next: async () => (await this.#ask<'next'>({ do: 'next', document: id })).result,
      close: () => void this.#ask({ do: 'close', document: id }).catch(() => {}),
    };
  }

  /** Ends the thread at once. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #ask<Kind extends TextJob['do']>(
    job: Extract<TextJob, { readonly do: Kind }>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<{ readonly id: number; readonly result: TextResults[Kind] }> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#lastId;
    const stuck = setTimeout(() => void worker.terminate(), JOB_LIMIT_MS).unref();
    try {
      const result = await new Promise<TextResults[Kind]>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        worker.postMessage({ id, job }, transfer as ArrayBuffer[]);
      });
      return { id, result };
    } finally {
      clearTimeout(stuck);
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./text-thread.ts', import.meta.url), { name: 'pickup-text-reader' });
    worker.unref();
    let fault = 'it ended';
    worker.on('message', (answer: TextAnswer) => {
      const waiter = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('failed' in answer) waiter?.reject(new Error(answer.failed));
      else waiter?.resolve(answer.result as never);
    });
    worker.on('error', (error: Error) => {
      fault = error.message;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const waiters = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of waiters) reject(new Error(`The text thread failed: ${fault}`));
    });
    return worker;
  }
}

/** Bytes with a buffer of their own, which can be handed over: small ones share a pool. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isOwn = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  return isOwn ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);
}
