/**
 * The knowledge bases of this gateway. Texts and files are in place when `create` and `add` resolve; URLs are read in
 * the background, and once a day anew where that was asked for.
 */
import type { KnowledgeText } from '@pickup/contract';
import type { Outbound } from '@pickup/outbound';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import type { KnowledgeBaseRow, NewKnowledgeSource, Store } from '../stores/port.ts';
import type { Form, UploadedFile } from './form.ts';
import { PAGE_BOUNDS, type PageBounds, PageIndexer } from './page-indexer.ts';
import { kindOfFile, READABLE_FILES } from './read-document.ts';
import type { PassageSizes } from './split-text.ts';
import { TextReader } from './text-reader.ts';
import { type TextWriting, writeText } from './write-text.ts';

/** What is to be read. The bytes of files are handed over: they are gone afterwards. */
export interface GivenKnowledge {
  readonly texts: readonly KnowledgeText[];
  readonly urls: readonly string[];
  readonly files: readonly UploadedFile[];
}

/** `unreadable` says publicly what cannot be read; nothing was kept of it then. */
export type Taken = 'taken' | 'unknown' | { readonly unreadable: string };

export interface Library {
  create(
    base: Omit<KnowledgeBaseRow, 'created_timestamp' | 'refreshed_timestamp'>,
    given: GivenKnowledge,
  ): Promise<Taken>;
  /** Sizes are those of the knowledge base. */
  add(
    base: Pick<KnowledgeBaseRow, 'knowledge_base_id' | 'max_chunk_size' | 'min_chunk_size'>,
    given: GivenKnowledge,
  ): Promise<Taken>;
  /** Reads its URLs anew. False where there is none. */
  refresh(baseId: string): Promise<boolean>;
  delete(baseId: string): Promise<boolean>;
  deleteSource(baseId: string, sourceId: string): Promise<boolean>;
  /** Takes a body of the type multipart/form-data apart. */
  readForm(body: Uint8Array, contentType: string): Promise<Form | 'too_large' | 'no_form'>;
  /** Gives up what the last stop left half written; to be called before anything is taken. Never rejects. */
  recover(): Promise<void>;
  /** Goes on with what the last stop interrupted. */
  start(): void;
  close(): Promise<void>;
}

export interface LibraryDeps {
  readonly store: Store;
  readonly outbound: Pick<Outbound, 'get'>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly nodeId: string;
  readonly log: Log;
  /** Default: PAGE_BOUNDS. */
  readonly bounds?: PageBounds;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const LOOK_FOR_STALE_MS = 10 * 60 * 1_000;
/** Passages removed in one commit. */
const SWEEP = 50;

export function createLibrary(deps: LibraryDeps): Library {
  return new Shelves(deps);
}

class Shelves implements Library {
  readonly #deps: LibraryDeps;
  readonly #reader = new TextReader();
  readonly #writing: TextWriting;
  readonly #indexer: PageIndexer;
  #cancelStale = () => {};
  #sweeping: Promise<void> | undefined;
  #sweepAgain = false;
  #closed = false;

  constructor(deps: LibraryDeps) {
    const { store, outbound, clock, newId, nodeId, log, bounds = PAGE_BOUNDS } = deps;
    this.#deps = deps;
    this.#writing = { store, reader: this.#reader, newId, nodeId };
    this.#indexer = new PageIndexer({ store, writing: this.#writing, outbound, clock, log, bounds }, () =>
      this.#sweep(),
    );
  }

  async create(given: Omit<KnowledgeBaseRow, 'created_timestamp' | 'refreshed_timestamp'>, knowledge: GivenKnowledge) {
    const { store, clock } = this.#deps;
    return this.#take(given, knowledge, (sources) => {
      const now = clock.wallMs();
      return store.createKnowledgeBase({ ...given, created_timestamp: now, refreshed_timestamp: now }, sources);
    });
  }

  add(base: Pick<KnowledgeBaseRow, 'knowledge_base_id' | 'max_chunk_size' | 'min_chunk_size'>, given: GivenKnowledge) {
    return this.#take(base, given, (sources) => this.#deps.store.addKnowledgeSources(base.knowledge_base_id, sources));
  }

  async refresh(baseId: string): Promise<boolean> {
    const isThere = await this.#deps.store.refreshKnowledgeBase(baseId, this.#deps.clock.wallMs());
    this.#indexer.wake();
    return isThere;
  }

  async delete(baseId: string): Promise<boolean> {
    const wasThere = await this.#deps.store.deleteKnowledgeBase(baseId);
    this.#sweep();
    return wasThere;
  }

  async deleteSource(baseId: string, sourceId: string): Promise<boolean> {
    const wasThere = await this.#deps.store.deleteKnowledgeSource(baseId, sourceId);
    this.#sweep();
    return wasThere;
  }

  readForm(body: Uint8Array, contentType: string) {
    return this.#reader.form(body, contentType);
  }

  async recover(): Promise<void> {
    const { store, nodeId, log } = this.#deps;
    try {
      await store.dropOpenKnowledgeTexts(nodeId);
    } catch (error) {
      // A full disk must not keep the gateway from starting; the next start tries again.
      log.error('knowledge_failed', { error: String(error) });
    }
  }

  start(): void {
    this.#sweep();
    this.#indexer.wake();
    this.#lookForStale();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelStale();
    await this.#indexer.close();
    await this.#sweeping;
    await this.#reader.close();
  }

  /** Writes texts and files, then names them all at once: half of it is never seen. */
  async #take(
    sizes: Pick<KnowledgeBaseRow, 'max_chunk_size' | 'min_chunk_size'>,
    given: GivenKnowledge,
    name: (sources: readonly NewKnowledgeSource[]) => Promise<boolean>,
  ): Promise<Taken> {
    const written: NewKnowledgeSource[] = [];
    let isNamed = false;
    try {
      const unreadable = await this.#write(
        given,
        { maxChars: sizes.max_chunk_size, minChars: sizes.min_chunk_size },
        written,
      );
      if (unreadable !== undefined) return { unreadable };
      const urls = given.urls.map((url) => ({ source_id: this.#sourceId(), origin: { type: 'url' as const, url } }));
      isNamed = await name([...written, ...urls]);
      this.#indexer.wake();
      return isNamed ? 'taken' : 'unknown';
    } finally {
      if (!isNamed) await this.#dropAll(written);
    }
  }

  /** Adds to `written`; says what cannot be read. */
  async #write(given: GivenKnowledge, sizes: PassageSizes, written: NewKnowledgeSource[]): Promise<string | undefined> {
    for (const { filename, type } of given.files) {
      if (kindOfFile(filename, type) === undefined) {
        return `knowledge_base_files: ${filename} is not read; files may be ${READABLE_FILES}.`;
      }
    }
    for (const [index, { title, text }] of given.texts.entries()) {
      const document = { kind: 'plain', bytes: new TextEncoder().encode(text), charset: 'utf-8' } as const;
      const result = await writeText(this.#writing, document, sizes, title || undefined);
      if (!result.ok) return `knowledge_base_texts[${index}]: ${result.reason}`;
      written.push({ source_id: this.#sourceId(), origin: { type: 'text', title }, text_id: result.text_id });
    }
    for (const { filename, type, bytes } of given.files) {
      const origin = { type: 'document', filename, file_size: bytes.byteLength } as const;
      const result = await writeText(this.#writing, { kind: kindOfFile(filename, type)!, bytes }, sizes);
      if (!result.ok) return `knowledge_base_files: ${filename}: ${result.reason}`;
      written.push({ source_id: this.#sourceId(), origin, text_id: result.text_id });
    }
    return undefined;
  }

  async #dropAll(written: readonly NewKnowledgeSource[]): Promise<void> {
    for (const { text_id } of written) {
      // The next start gives up what cannot be dropped now.
      if (text_id !== undefined) await this.#deps.store.dropKnowledgeText(text_id).catch(() => {});
    }
    this.#sweep();
  }

  #sourceId(): string {
    return `source_${this.#deps.newId()}`;
  }

  #lookForStale(): void {
    const { store, clock, log } = this.#deps;
    const look = async () => {
      const stale = await store.staleKnowledgeBases(clock.wallMs() - DAY_MS);
      for (const id of stale) await this.refresh(id);
    };
    look()
      .catch((error) => log.error('knowledge_failed', { error: String(error) }))
      .finally(() => {
        if (!this.#closed) this.#cancelStale = clock.after(LOOK_FOR_STALE_MS, () => this.#lookForStale());
      });
  }

  /** Removes what nobody names any more, a little per commit. */
  #sweep(): void {
    this.#sweepAgain = true;
    this.#sweeping ??= this.#sweepAll()
      .catch((error) => {
        this.#sweepAgain = false;
        this.#deps.log.error('knowledge_failed', { error: String(error) });
      })
      .finally(() => {
        this.#sweeping = undefined;
        if (this.#sweepAgain && !this.#closed) this.#sweep();
      });
  }

  async #sweepAll(): Promise<void> {
    // What is dropped while the last step runs is swept too.
    while (this.#sweepAgain && !this.#closed) {
      this.#sweepAgain = false;
      while (!this.#closed && (await this.#deps.store.sweepKnowledge(SWEEP)) > 0) this.#sweepAgain = true;
    }
  }
}
