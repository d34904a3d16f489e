/**
 * Samples by key in a folder, bounded by bytes. A file is written beside its name and renamed, and carries a
 * checksum, so that a torn or foreign one is never played. All faults of the disk count as "not there".
 *
 * File: "PKV1", u32 LE CRC-32 of the samples, then signed 16-bit LE samples.
 */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock, Log } from './port.ts';
import { toSamples } from './reply-reader.ts';

const MAGIC = 'PKV1';
const HEADER_BYTES = 8;
const SUFFIX = '.pcm';

export interface SampleFilesOptions {
  readonly folder: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

export class SampleFiles {
  readonly #options: SampleFilesOptions;
  /** Size by key, the least recently used first. */
  readonly #sizes = new Map<string, number>();
  readonly #writes = new Set<Promise<void>>();
  readonly #opened: Promise<void>;
  #bytes = 0;

  /** Starts reading the folder; `get` and `set` wait for it. */
  constructor(options: SampleFilesOptions) {
    this.#options = options;
    this.#opened = this.#open().catch((error: unknown) => this.#complain('open', error));
  }

  async get(key: string): Promise<Int16Array | undefined> {
    await this.#opened;
    if (!this.#sizes.has(key)) return undefined;
    const bytes = await readFile(this.#path(key)).catch(() => undefined);
    const samples = bytes && readSamples(bytes);
    if (!samples) {
      await this.#remove(key);
      return undefined;
    }
    this.#touch(key);
    return samples;
  }

  /** Returns at once; the writing is waited for by `close`. */
  set(key: string, samples: Int16Array): void {
    const write = this.#write(key, samples).catch((error: unknown) => this.#complain('write', error));
    this.#writes.add(write);
    void write.then(() => this.#writes.delete(write));
  }

  async close(): Promise<void> {
    await this.#opened;
    await Promise.all(this.#writes);
  }

  async #open(): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true });
    const found: { readonly key: string; readonly size: number; readonly usedMs: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.includes('.tmp')) await rm(path, { force: true });
      if (!name.endsWith(SUFFIX)) continue;
      const { size, mtimeMs } = await stat(path);
      found.push({ key: name.slice(0, -SUFFIX.length), size, usedMs: mtimeMs });
    }
    for (const { key, size } of found.sort((a, b) => a.usedMs - b.usedMs)) this.#note(key, size);
    await this.#shrink();
  }

  async #write(key: string, samples: Int16Array): Promise<void> {
    await this.#opened;
    if (this.#sizes.has(key) || samples.byteLength + HEADER_BYTES > this.#options.maxBytes) return;
    const bytes = writeSamples(samples);
    this.#note(key, bytes.length);
    const draft = `${this.#path(key)}.${process.pid}.tmp`;
    try {
      await writeFile(draft, bytes);
      await rename(draft, this.#path(key));
    } catch (error) {
      this.#forget(key);
      await rm(draft, { force: true });
      throw error;
    }
    await this.#shrink();
  }

  async #shrink(): Promise<void> {
    for (const key of this.#sizes.keys()) {
      if (this.#bytes <= this.#options.maxBytes) return;
      await this.#remove(key);
    }
  }

  #touch(key: string): void {
    const size = this.#sizes.get(key);
    if (size === undefined) return;
    this.#sizes.delete(key);
    this.#sizes.set(key, size);
    const now = this.#options.clock.wallMs() / 1_000;
    utimes(this.#path(key), now, now).catch(() => {});
  }

  async #remove(key: string): Promise<void> {
    this.#forget(key);
    await rm(this.#path(key), { force: true }).catch((error: unknown) => this.#complain('remove', error));
  }

  #note(key: string, size: number): void {
    this.#sizes.set(key, size);
    this.#bytes += size;
  }

  #forget(key: string): void {
    this.#bytes -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
  }

  #path(key: string): string {
    return join(this.#options.folder, key + SUFFIX);
  }

  #complain(doing: string, error: unknown): void {
    this.#options.log.warn('voice.cache', { doing, error: error instanceof Error ? error.message : String(error) });
  }
}

function writeSamples(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + samples.byteLength);
  bytes.write(MAGIC, 0, 'latin1');
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).copy(bytes, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), 4);
  return bytes;
}

function readSamples(bytes: Buffer): Int16Array | undefined {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 4) !== MAGIC) return undefined;
  const pcm = bytes.subarray(HEADER_BYTES);
  return bytes.readUInt32LE(4) === crc32(pcm) ? toSamples(pcm) : undefined;
}
