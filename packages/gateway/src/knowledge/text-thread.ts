/**
 * Takes forms apart, reads documents and splits them, away from the loop that paces the audio of calls. Passages are
 * handed over as they are asked for, so that a long text never crosses at once.
 */
import { parentPort } from 'node:worker_threads';
import { type FormParts, parseForm } from './form.ts';
import { type Document, readDocument } from './read-document.ts';
import { type PassageSizes, splitText } from './split-text.ts';

export type TextJob =
  | { readonly do: 'form'; readonly body: Uint8Array<ArrayBuffer>; readonly contentType: string }
  /** Opens a document under the number of the job. */
  | { readonly do: 'open'; readonly document: Document; readonly sizes: PassageSizes; readonly heading?: string }
  | { readonly do: 'next'; readonly document: number }
  | { readonly do: 'close'; readonly document: number };

export interface TextResults {
  readonly form: FormParts | 'too_large' | 'no_form';
  readonly open: { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Undefined after the last one. */
  readonly next: readonly string[] | undefined;
  readonly close: undefined;
}

export type TextAnswer = { readonly id: number } & ({ readonly result: unknown } | { readonly failed: string });

/** Characters handed over at once. */
const PIECE_CHARS = 64 * 1024;
const open = new Map<number, Iterator<string>>();

parentPort?.on('message', ({ id, job }: { readonly id: number; readonly job: TextJob }) => {
  try {
    const result = run(id, job);
    const files = job.do === 'form' && typeof result === 'object' ? (result as FormParts).files : [];
    parentPort?.postMessage(
      { id, result },
      files.map((file) => file.bytes.buffer),
    );
  } catch (error) {
    parentPort?.postMessage({ id, failed: error instanceof Error ? error.message : String(error) });
  }
});

function run(id: number, job: TextJob): unknown {
  if (job.do === 'form') return takeApart(job.body, job.contentType);
  if (job.do === 'next') return nextPiece(job.document);
  if (job.do === 'close') return void open.delete(job.document);
  const read = readDocument(job.document);
  if (!read.ok) return read;
  const text = job.heading === undefined ? read.text : `${job.heading}\n\n${read.text}`;
  open.set(id, splitText(text, job.sizes));
  return { ok: true };
}

function takeApart(body: Uint8Array<ArrayBuffer>, contentType: string): TextResults['form'] {
  try {
    return parseForm(body, contentType);
  } catch {
    return 'no_form';
  }
}

function nextPiece(document: number): readonly string[] | undefined {
  const passages = open.get(document);
  const piece: string[] = [];
  for (let chars = 0; chars < PIECE_CHARS; ) {
    const next = passages?.next();
    if (next === undefined || next.done) break;
    piece.push(next.value);
    chars += next.value.length;
  }
  if (piece.length > 0) return piece;
  open.delete(document);
  return undefined;
}
