/** The job commands. */
import type { JsonObject } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import type { Job, JobCommands, NewJob } from '../port.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import type { Writer } from './writer.ts';

interface JobCells {
  readonly seq: number;
  readonly task: string;
  readonly payload: string;
  readonly queue: string | null;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly last_error: string | null;
}

const COLUMNS = 'seq, task, payload, queue, attempts, max_attempts, last_error';
const MOST_ATTEMPTS = 25;
/** Of a job in whose place another was added while it was taken: it is done with, however it ends. */
const SUPERSEDED = 0;
/** Waits, may be tried, and nobody works on its queue. */
const FREE = `FROM jobs AS job INDEXED BY due_jobs WHERE locked_by IS NULL AND attempts < max_attempts
  AND (queue IS NULL OR NOT EXISTS (SELECT 1 FROM jobs WHERE queue = job.queue AND locked_by IS NOT NULL))`;

/** Writes through the writer, looks from `db`. */
export function createJobs(writer: Writer, db: Database): JobCommands {
  const nextFree = db.prepare<[], number>(`SELECT run_at ${FREE} ORDER BY run_at LIMIT 1`).pluck();
  const nextLapse = db
    .prepare<[], number | null>('SELECT min(locked_until) FROM jobs WHERE locked_by IS NOT NULL')
    .pluck();
  const dead = db.prepare<[number], JobCells>(
    `SELECT ${COLUMNS} FROM jobs WHERE locked_by IS NULL AND attempts >= max_attempts ORDER BY seq LIMIT ?`,
  );
  return {
    async addJob(job, now) {
      await writer.send('addJob', [JSON.stringify(job), now]);
    },
    async takeJobs({ node_id, now, limit, lease_ms }) {
      const taken = (await writer.send('takeJobs', [node_id, now, limit, now + lease_ms])) as string;
      return JSON.parse(taken) as Job[];
    },
    async completeJob(jobId, nodeId) {
      await writer.sendUnhurried('completeJob', [Number(jobId), nodeId]);
    },
    async failJob(jobId, nodeId, { error, retry_at }) {
      await writer.send('failJob', [Number(jobId), nodeId, error, retry_at]);
    },
    async renewLeases(jobIds, nodeId, leaseUntil) {
      const ours = (await writer.send('renewLeases', [JSON.stringify(jobIds), nodeId, leaseUntil])) as string;
      return JSON.parse(ours) as string[];
    },
    async releaseJobsOf(nodeId) {
      await writer.send('releaseJobsOf', [nodeId]);
    },
    async nextJobAt() {
      const [free, lapse] = [nextFree.get(), nextLapse.get() ?? undefined];
      return free === undefined ? lapse : Math.min(free, lapse ?? Number.POSITIVE_INFINITY);
    },
    async deadJobs(limit) {
      return dead.all(limit).map((cells) => {
        return { ...toJob(cells), ...(cells.last_error !== null && { last_error: cells.last_error }) };
      });
    },
  };
}

/** Adds jobs to the transaction (S10). */
export function prepareJobInsert(db: Database): (job: NewJob, now: number) => void {
  const supersede = db.prepare<Cell[]>(
    `UPDATE jobs SET job_key = NULL, max_attempts = ${SUPERSEDED} WHERE job_key = ? AND locked_by IS NOT NULL`,
  );
  const insert = db.prepare<Cell[]>(`INSERT INTO jobs (task, payload, queue, job_key, run_at, max_attempts)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (job_key) WHERE job_key IS NOT NULL DO UPDATE SET task = excluded.task,
    payload = excluded.payload, queue = excluded.queue, run_at = iif(?, run_at, excluded.run_at), max_attempts = excluded.max_attempts,
    attempts = 0, last_error = NULL`);
  return ({ task, payload, queue, job_key, job_key_mode, run_at, max_attempts }, now) => {
    if (job_key !== undefined) supersede.run(job_key);
    const cells: Cell[] = [task, JSON.stringify(payload), queue ?? null, job_key ?? null];
    const preserves = job_key_mode === 'preserve_run_at' ? 1 : 0;
    insert.run(...cells, run_at ?? now, max_attempts ?? MOST_ATTEMPTS, preserves);
  };
}

/** Handlers of the job commands. */
export function writeJobs(db: Database): WriteHandlers {
  const add = prepareJobInsert(db);
  const due = db.prepare<Cell[], JobCells>(`SELECT ${COLUMNS} ${FREE} AND run_at <= ? ORDER BY run_at, seq LIMIT ?`);
  const take = db.prepare<Cell[]>(
    'UPDATE jobs SET locked_by = ?, locked_until = ?, attempts = attempts + 1 WHERE seq = ?',
  );
  const dropLapsed = db.prepare<Cell[]>(
    `DELETE FROM jobs WHERE locked_by IS NOT NULL AND locked_until < ? AND max_attempts = ${SUPERSEDED}`,
  );
  const freeLapsed = db.prepare<Cell[]>(
    'UPDATE jobs SET locked_by = NULL, locked_until = NULL WHERE locked_by IS NOT NULL AND locked_until < ?',
  );
  const complete = db.prepare<Cell[]>('DELETE FROM jobs WHERE seq = ? AND locked_by = ?');
  const dropSuperseded = db.prepare<Cell[]>(
    `DELETE FROM jobs WHERE seq = ? AND locked_by = ? AND max_attempts = ${SUPERSEDED}`,
  );
  const fail = db.prepare<Cell[]>(
    'UPDATE jobs SET last_error = ?, run_at = ?, locked_by = NULL, locked_until = NULL WHERE seq = ? AND locked_by = ?',
  );
  const renew = db.prepare<Cell[]>('UPDATE jobs SET locked_until = ? WHERE seq = ? AND locked_by = ?');
  const dropOf = db.prepare<Cell[]>(`DELETE FROM jobs WHERE locked_by = ? AND max_attempts = ${SUPERSEDED}`);
  const release = db.prepare<Cell[]>('UPDATE jobs SET locked_by = NULL, locked_until = NULL WHERE locked_by = ?');
  return {
    addJob(doc: string, now: number) {
      add(JSON.parse(doc) as NewJob, now);
      return null;
    },
    takeJobs(nodeId: string, now: number, limit: number, leaseUntil: number) {
      dropLapsed.run(now);
      freeLapsed.run(now);
      const queues = new Set<string>();
      const taken: Job[] = [];
      for (const cells of due.all(now, limit)) {
        if (cells.queue !== null && queues.has(cells.queue)) continue;
        if (cells.queue !== null) queues.add(cells.queue);
        take.run(nodeId, leaseUntil, cells.seq);
        taken.push(toJob({ ...cells, attempts: cells.attempts + 1 }));
      }
      return JSON.stringify(taken);
    },
    completeJob: (seq: number, nodeId: string) => complete.run(seq, nodeId).changes,
    failJob(seq: number, nodeId: string, error: string, retryAt: number) {
      if (dropSuperseded.run(seq, nodeId).changes === 1) return 1;
      return fail.run(error, retryAt, seq, nodeId).changes;
    },
    renewLeases(doc: string, nodeId: string, until: number) {
      const ids = JSON.parse(doc) as string[];
      return JSON.stringify(ids.filter((id) => renew.run(until, Number(id), nodeId).changes === 1));
    },
    releaseJobsOf(nodeId: string) {
      dropOf.run(nodeId);
      return release.run(nodeId).changes;
    },
  };
}

function toJob({ seq, task, payload, queue, attempts, max_attempts }: JobCells): Job {
  return {
    job_id: String(seq),
    task,
    payload: JSON.parse(payload) as JsonObject,
    ...(queue !== null && { queue }),
    attempts,
    max_attempts,
  };
}
