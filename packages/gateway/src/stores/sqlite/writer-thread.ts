/**
 * The writer thread: the only one that writes. A commit starts when the one before has ended; what came
 * meanwhile is the next batch. After a fault of the disk the connection is opened anew with the next
 * batch, so the store recovers by itself once there is space again. Any other failure of a whole batch is
 * a bug and ends the thread, which the main thread sees.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { writeAudit } from './audit.ts';
import type { BatchAnswer, Cell } from './cells.ts';
import { writeEvents } from './events.ts';
import { writeJobs } from './jobs.ts';
import { openForWriting } from './open-database.ts';
import { writePurchases } from './purchases.ts';
import { writeAgentDeletions } from './write-agent-deletions.ts';
import { writeAgents } from './write-agents.ts';
import { createBatchWriter, isDiskFault } from './write-batch.ts';
import { writeCalls, writeSlots } from './write-calls.ts';
import { writeChats } from './write-chats.ts';
import { writeKeys, writeNumbers } from './write-config.ts';
import { writeEngines } from './write-engines.ts';
import { writeInbounds } from './write-inbounds.ts';
import { writeKnowledge } from './write-knowledge.ts';
import { writeOutgoing } from './write-outgoing.ts';
import { writeTexts } from './write-texts.ts';

/** What the main thread gives the writer thread. */
export interface WriterData {
  readonly file: string;
  readonly maxBytes?: number;
  readonly commitDelayMs?: number;
}

interface Connection {
  readonly db: Database;
  readonly write: (batch: readonly Cell[]) => BatchAnswer;
}

const { file, maxBytes, commitDelayMs } = workerData as WriterData;
let connection: Connection | undefined;

parentPort?.on('message', (batch: readonly Cell[] | 'close') => {
  if (batch !== 'close') return parentPort?.postMessage(answer(batch));
  foldLog();
  disconnect();
  parentPort?.close();
});

function answer(batch: readonly Cell[]): BatchAnswer {
  try {
    connection ??= connect();
    return connection.write(batch);
  } catch (error) {
    if (!isDiskFault(error)) throw error;
    disconnect();
    return { unavailable: (error as Error).message };
  }
}

function connect(): Connection {
  const db = openForWriting(file, maxBytes);
  const handlers = {
    ...writeInbounds(db),
    ...writeCalls(db),
    ...writeChats(db),
    ...writeSlots(db),
    ...writeNumbers(db),
    ...writeEngines(db),
    ...writeAgents(db),
    ...writeAgentDeletions(db),
    ...writeKnowledge(db),
    ...writeKeys(db),
    ...writeAudit(db),
    ...writeEvents(db),
    ...writeJobs(db),
    ...writeTexts(db),
    ...writeOutgoing(db),
    ...writePurchases(db),
  };
  return { db, write: createBatchWriter(db, handlers, commitDelayMs) };
}

/** Moves the log into the file; other connections are still open, so closing alone would not. */
function foldLog(): void {
  try {
    connection?.db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    // What is in the log is durable there, and is read from it at the next start.
    if (!isDiskFault(error)) throw error;
  }
}

function disconnect(): void {
  try {
    connection?.db.close();
  } catch {
    // A connection that cannot even be closed is dropped all the same.
  }
  connection = undefined;
}
