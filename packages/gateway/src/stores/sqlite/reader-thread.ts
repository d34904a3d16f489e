/** The reader thread: lists and searches, one after another, far from the main loop. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { BadPaginationKey } from '../page.ts';
import { openForReading } from './open-database.ts';
import { readLists } from './read-lists.ts';

/** `id`, the list's name, the request as JSON. */
export type ReadRequest = readonly [number, string, string];
/** `id`, then the result as JSON, or what went wrong and whether the pagination key was at fault. */
export type ReadAnswer =
  | { readonly id: number; readonly result: string }
  | { readonly id: number; readonly failed: string; readonly badKey: boolean };

/** Lists yield to calls. Linux counts priorities by thread; elsewhere this would hold the whole process back. */
const LIST_NICE = 5;
if (process.platform === 'linux') setPriority(0, LIST_NICE);

const db = openForReading((workerData as { readonly file: string }).file);
const lists = readLists(db) as unknown as Readonly<Record<string, (request: unknown) => unknown>>;
const inOneRead = db.transaction((list: (request: unknown) => unknown, request: unknown) => list(request));

parentPort?.on('message', (message: ReadRequest | 'close') => {
  if (message !== 'close') return parentPort?.postMessage(answer(message));
  db.close();
  parentPort?.close();
});

function answer([id, name, request]: ReadRequest): ReadAnswer {
  try {
    return { id, result: JSON.stringify(inOneRead(lists[name]!, JSON.parse(request))) };
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error);
    return { id, failed, badKey: error instanceof BadPaginationKey };
  }
}
