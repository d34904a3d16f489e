/**
 * Reads the URLs of knowledge bases in the background. What waits is in the store, so what a stop or a crash
 * interrupts is read after the next start. Few at once, and fewer of one host: it holds up nobody but itself.
 */
import type { Outbound } from '@pickup/outbound';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import type { PendingKnowledgeSource, Store } from '../stores/port.ts';
import { type FetchedPage, fetchPage } from './fetch-page.ts';
import { type TextWriting, writeText } from './write-text.ts';

export interface PageIndexerDeps {
  readonly store: Pick<Store, 'pendingKnowledgeSources' | 'settleKnowledgeSource'>;
  readonly writing: TextWriting;
  readonly outbound: Pick<Outbound, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly bounds: PageBounds;
}

/** In ms and bytes. */
export interface PageBounds {
  readonly limitMs: number;
  readonly mostBytes: number;
  /** Waits before the second and each further try; after the last one the source has failed. */
  readonly retryAfterMs: readonly number[];
}

export const PAGE_BOUNDS: PageBounds = { limitMs: 30_000, mostBytes: 10 * 1024 * 1024, retryAfterMs: [2_000, 15_000] };

const MOST_AT_ONCE = 8;
const MOST_OF_A_HOST = 2;
/** Of those that wait, to find some of other hosts among. */
const LOOK_AT = 1_000;
/** After a fault of the store or of ours. */
const FAULT_WAIT_MS = 5_000;

export class PageIndexer {
  readonly #deps: PageIndexerDeps;
  readonly #onSettled: () => void;
  /** By source id, with the host. */
  readonly #reading = new Map<string, { readonly host: string; readonly done: Promise<void> }>();
  readonly #aborter = new AbortController();
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  /** `onSettled` is told after each source that was read: its old text is to be removed. */
  constructor(deps: PageIndexerDeps, onSettled: () => void) {
    this.#deps = deps;
    this.#onSettled = onSettled;
  }

  /** There may be something to read. */
  wake(): void {
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      // Somebody may have called between the last look and now.
      if (this.#lookAgain && !this.#aborter.signal.aborted) this.wake();
    });
  }

  /** Gives up what is being read, until the next start. */
  async close(): Promise<void> {
    this.#aborter.abort();
    await this.#looking;
    await Promise.all([...this.#reading.values()].map(({ done }) => done));
  }

  async #look(): Promise<void> {
    const { store, log } = this.#deps;
    while (this.#lookAgain && !this.#aborter.signal.aborted) {
      this.#lookAgain = false;
      try {
        if (this.#reading.size >= MOST_AT_ONCE) return;
        for (const source of await store.pendingKnowledgeSources(this.#reading.size + LOOK_AT)) this.#begin(source);
      } catch (error) {
        log.error('knowledge_failed', { error: String(error) });
        this.#wait(FAULT_WAIT_MS).then(() => this.wake());
      }
    }
  }

  #begin(source: PendingKnowledgeSource): void {
    const { source_id, origin } = source;
    if (this.#aborter.signal.aborted || origin.type !== 'url') return;
    if (this.#reading.has(source_id) || this.#reading.size >= MOST_AT_ONCE) return;
    const { host } = new URL(origin.url);
    if ([...this.#reading.values()].filter((other) => other.host === host).length >= MOST_OF_A_HOST) return;
    const done = this.#read(source, origin.url)
      .catch(async (error: unknown) => {
        this.#deps.log.error('knowledge_failed', { id: source_id, error: String(error) });
        await this.#wait(FAULT_WAIT_MS);
      })
      .finally(() => {
        this.#reading.delete(source_id);
        this.wake();
      });
    this.#reading.set(source_id, { host, done });
  }

  async #read(source: PendingKnowledgeSource, url: string): Promise<void> {
    const { store, writing, log } = this.#deps;
    const page = await this.#fetch(url);
    if (this.#aborter.signal.aborted) return;
    const sizes = { maxChars: source.max_chunk_size, minChars: source.min_chunk_size };
    const text = page.ok ? await writeText(writing, page.document, sizes) : page;
    const result = text.ok ? { text_id: text.text_id } : { error: text.reason };
    await store.settleKnowledgeSource(source.source_id, result);
    const fields = { id: source.source_id, knowledge_base_id: source.knowledge_base_id };
    if (text.ok) log.info('knowledge_read', fields);
    else log.warn('knowledge_unread', { ...fields, reason: text.reason });
    this.#onSettled();
  }

  async #fetch(url: string): Promise<FetchedPage> {
    const { outbound, clock, bounds } = this.#deps;
    const { limitMs, mostBytes, retryAfterMs } = bounds;
    for (let tries = 0; ; tries++) {
      const page = await fetchPage(url, { outbound, clock, signal: this.#aborter.signal, limitMs, mostBytes });
      const waitMs = retryAfterMs[tries];
      if (page.ok || !page.again || waitMs === undefined || this.#aborter.signal.aborted) return page;
      await this.#wait(waitMs);
    }
  }

  /** Ends early when the indexer is closed. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#aborter;
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#deps.clock.after(ms, end);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    });
  }
}
