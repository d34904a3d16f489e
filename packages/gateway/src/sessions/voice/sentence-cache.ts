/**
 * Speech put together from pieces, most of which were synthesised before.
 *
 * What a template says is kept in memory and on disk; clauses with a caller's variables in memory only, since names
 * and appointments have no business in a file. One text in flight is synthesised once, however many calls want it.
 */
import { createHash } from 'node:crypto';
import type { RenderedSpan } from '@pickup/core';
import type { Clock, Log, OfflineVoice, SpeechError, SpeechRequest, SpeechResult } from './port.ts';
import { SampleFiles } from './sample-files.ts';
import { SampleLru } from './sample-lru.ts';
import { shareableSamples } from './shareable-samples.ts';
import { type Clause, pauseAfterMs, splitClauses } from './split-clauses.ts';

export interface SpeakRequest {
  readonly spans: readonly RenderedSpan[];
  readonly voice: string;
  readonly speed: number;
  readonly signal?: AbortSignal;
}

export type Spoken =
  | {
      readonly ok: true;
      /** Signed 16-bit mono at 8,000 Hz. Shared with other calls and threads: not to be written to. */
      readonly samples: Int16Array;
      /** Pieces that were there, a text kept whole being one, and pieces that had to be synthesised. */
      readonly hits: number;
      readonly misses: number;
    }
  | { readonly ok: false; readonly error: SpeechError; readonly message: string };

export interface Speech {
  speak(request: SpeakRequest): Promise<Spoken>;
  /** Waits for files being written; the voice is closed by whoever made it. */
  close(): Promise<void>;
}

export interface SentenceCacheOptions {
  readonly voice: OfflineVoice;
  readonly clock: Clock;
  readonly log: Log;
  /** `<home>/voice-cache`; absent: memory only. */
  readonly folder?: string;
  /** Default 32 MiB, about half an hour of speech. */
  readonly memoryBytes?: number;
  /** Default 256 MiB. */
  readonly diskBytes?: number;
}

const SAMPLES_PER_MS = 8;
/** Of the memory, for what was put together already: many callers are greeted with the same words. */
const JOINED_SHARE = 1 / 4;

type Piece = { readonly result: SpeechResult; readonly hit: boolean };

export function createSentenceCache(options: SentenceCacheOptions): Speech {
  const { voice, clock, log, folder, memoryBytes = 32 * 1024 * 1024, diskBytes = 256 * 1024 * 1024 } = options;
  const memory = new SampleLru(memoryBytes * (1 - JOINED_SHARE));
  const joined = new SampleLru(memoryBytes * JOINED_SHARE);
  const disk = folder === undefined ? undefined : new SampleFiles({ folder, maxBytes: diskBytes, clock, log });
  const inFlight = new Map<string, Promise<Piece>>();

  const keyOf = (request: SpeechRequest) =>
    createHash('sha256')
      .update(JSON.stringify([voice.engineVersion, request.voice, request.speed, request.text]))
      .digest('hex');

  const fetch = async (key: string, request: SpeechRequest, constant: boolean): Promise<Piece> => {
    const stored = constant ? await disk?.get(key) : undefined;
    if (stored) {
      memory.set(key, stored);
      return { result: { ok: true, samples: stored }, hit: true };
    }
    let result = await voice.synthesise(request);
    // Somebody else's text may have taken the process down; the next one starts within a fraction of a second.
    if (!result.ok && result.error === 'crashed') result = await voice.synthesise(request);
    if (result.ok) {
      memory.set(key, result.samples);
      if (constant) disk?.set(key, result.samples);
    }
    return { result, hit: false };
  };

  const piece = (clause: Clause, request: SpeakRequest): Promise<Piece> => {
    const wanted = { text: clause.text, voice: request.voice, speed: request.speed };
    const key = keyOf(wanted);
    const kept = memory.get(key);
    if (kept) return Promise.resolve({ result: { ok: true, samples: kept }, hit: true });
    // A constant twin is fetched apart, so that it reaches the disk.
    const flight = `${clause.constant} ${key}`;
    const running = inFlight.get(flight) ?? fetch(key, wanted, clause.constant);
    inFlight.set(flight, running);
    return running.finally(() => inFlight.delete(flight));
  };

  return {
    async speak(request) {
      const whole = JSON.stringify([request.voice, request.speed, request.spans]);
      const known = joined.get(whole);
      if (known) return { ok: true, samples: known, hits: 1, misses: 0 };
      const clauses = splitClauses(request.spans);
      const all = Promise.all(clauses.map((clause) => piece(clause, request)));
      const pieces = await orAborted(all, request.signal);
      if (!pieces) return { ok: false, error: 'aborted', message: 'not wanted any more' };
      const failure = pieces.find(({ result }) => !result.ok)?.result;
      if (failure && !failure.ok) return failure;
      const hits = pieces.filter(({ hit }) => hit).length;
      const samples = joinPieces(clauses, pieces);
      joined.set(whole, samples);
      return { ok: true, samples, hits, misses: pieces.length - hits };
    },
    async close() {
      await disk?.close();
    },
  };
}

function joinPieces(clauses: readonly Clause[], pieces: readonly Piece[]): Int16Array {
  const sounds = pieces.map(({ result }) => (result.ok ? result.samples : new Int16Array(0)));
  const pauses = clauses.map((clause, index) =>
    index === clauses.length - 1 ? 0 : pauseAfterMs(clause.text) * SAMPLES_PER_MS,
  );
  const length = sounds.reduce((sum, sound, index) => sum + sound.length + (pauses[index] ?? 0), 0);
  const joined = shareableSamples(length);
  let at = 0;
  for (const [index, sound] of sounds.entries()) {
    joined.set(sound, at);
    at += sound.length + (pauses[index] ?? 0);
  }
  return joined;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (!signal) return work;
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
