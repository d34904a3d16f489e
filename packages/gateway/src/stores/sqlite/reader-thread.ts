/**
 * The reader thread: lists and searches, far from the main loop. Long ones are read in slices and make way for others
 * after each, so a list that is read off an index never waits for one that looks through a million rows.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { BadPaginationKey } from '../page.ts';
import { openForReading } from './open-database.ts';
import { readLists } from './read-lists.ts';
import type { ScanLimits } from './scan-list.ts';

/** `id`, the list's name, the request as JSON. */
export type ReadRequest = readonly [number, string, string];
/** `id`, then the result as JSON, or what went wrong and whether the pagination key was at fault. */
export type ReadAnswer =
  | { readonly id: number; readonly result: string }
  /** A list that comes to text: it is passed on as it is. */
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly failed: string; readonly badKey: boolean };

export interface ReaderData {
  readonly file: string;
  readonly limits: ScanLimits;
}

/** Lists yield to calls. Linux counts priorities by thread; elsewhere this would hold the whole process back. */
const LIST_NICE = 19;
if (process.platform === 'linux') setPriority(0, LIST_NICE);

const { file, limits } = workerData as ReaderData;
const db = openForReading(file);
const lists = readLists(db, limits) as unknown as Readonly<Record<string, (request: unknown) => unknown>>;
/** Each slice sees one snapshot. */
const inOneRead = db.transaction(<T>(read: () => T): T => read()) as <T>(read: () => T) => T;
let underWay = 0;
let closing = false;

parentPort?.on('message', (message: ReadRequest | 'close') => {
  if (message === 'close') {
    closing = true;
    return closeOnceIdle();
  }
  const [id, name, request] = message;
  underWay += 1;
  attempt(id, () => {
    // What a scan is made from is read in the same snapshot as its first slice.
    const [result, first] = inOneRead(() => {
      const result = lists[name]!(JSON.parse(request));
      return [result, isScan(result) ? result.next() : undefined];
    });
    if (first !== undefined) goOn(id, result as Scan, first);
    else answer(told(id, result));
  });
});

type Scan = Generator<void, unknown>;

function isScan(result: unknown): result is Scan {
  return typeof (result as { readonly next?: unknown } | null)?.next === 'function';
}

function goOn(id: number, scan: Scan, { done, value }: IteratorResult<void, unknown>): void {
  if (done) return answer(told(id, value));
  setImmediate(() =>
    attempt(id, () =>
      goOn(
        id,
        scan,
        inOneRead(() => scan.next()),
      ),
    ),
  );
}

function told(id: number, result: unknown): ReadAnswer {
  return typeof result === 'string' ? { id, text: result } : { id, result: JSON.stringify(result) };
}

function attempt(id: number, read: () => void): void {
  try {
    read();
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    answer({ id, failed, badKey: error instanceof BadPaginationKey });
  }
}

function answer(given: ReadAnswer): void {
  underWay -= 1;
  parentPort?.postMessage(given);
  closeOnceIdle();
}

function closeOnceIdle(): void {
  if (!closing || underWay > 0) return;
  db.close();
  parentPort?.close();
}
