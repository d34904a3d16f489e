/** Jobs in memory. */
import type { Job, JobCommands, NewJob } from '../port.ts';
import { copyOf, type MemoryData, type MemoryJob } from './data.ts';

const MOST_ATTEMPTS = 25;

/** Adds a job (S10). */
export function addJob(data: MemoryData, job: NewJob, now: number): void {
  const {
    task,
    payload,
    queue,
    job_key,
    job_key_mode,
    run_at: wanted = now,
    max_attempts = MOST_ATTEMPTS,
  } = copyOf(job);
  const known = job_key === undefined ? undefined : [...data.jobs.values()].find((one) => one.job_key === job_key);
  if (known?.locked_by !== undefined) {
    const { job_key: _key, ...rest } = known;
    data.jobs.set(known.job_id, { ...rest, superseded: true });
  }
  const takesPlace = known !== undefined && known.locked_by === undefined;
  const run_at = takesPlace && job_key_mode === 'preserve_run_at' ? known.run_at : wanted;
  const sequence = takesPlace ? known.sequence : data.nextSequence();
  data.jobs.set(String(sequence), {
    ...{ sequence, job_id: String(sequence), task, payload, run_at, max_attempts, attempts: 0 },
    ...(queue !== undefined && { queue }),
    ...(job_key !== undefined && { job_key }),
  });
}

/** The job commands over shared data; each runs to its end before another begins. */
export function createMemoryJobs(data: MemoryData): JobCommands {
  const all = () => [...data.jobs.values()];
  const isTaken = (queue: string | undefined) =>
    queue !== undefined && all().some((job) => job.queue === queue && job.locked_by !== undefined);
  const free = () =>
    all()
      .filter((job) => job.locked_by === undefined && job.attempts < job.max_attempts && !isTaken(job.queue))
      .sort((a, b) => a.run_at - b.run_at || a.sequence - b.sequence);
  const release = (job: MemoryJob) => {
    if (job.superseded) data.jobs.delete(job.job_id);
    else data.jobs.set(job.job_id, unlocked(job));
  };
  const ours = (jobId: string, nodeId: string) => {
    const job = data.jobs.get(jobId);
    return job?.locked_by === nodeId ? job : undefined;
  };
  return {
    addJob: async (job, now) => addJob(data, job, now),
    async takeJobs({ node_id, now, limit, lease_ms }) {
      for (const job of all()) if ((job.locked_until ?? Infinity) < now) release(job);
      const queues = new Set<string>();
      const taken: Job[] = [];
      const due = free().filter((job) => job.run_at <= now);
      for (const job of due.slice(0, limit)) {
        if (job.queue !== undefined && queues.has(job.queue)) continue;
        if (job.queue !== undefined) queues.add(job.queue);
        const mine = { ...job, attempts: job.attempts + 1, locked_by: node_id, locked_until: now + lease_ms };
        data.jobs.set(job.job_id, mine);
        taken.push(shown(mine));
      }
      return taken;
    },
    async completeJob(jobId, nodeId) {
      if (ours(jobId, nodeId)) data.jobs.delete(jobId);
    },
    async failJob(jobId, nodeId, { error, retry_at }) {
      const job = ours(jobId, nodeId);
      if (job) release({ ...job, last_error: error, run_at: retry_at });
    },
    async renewLeases(jobIds, nodeId, leaseUntil) {
      const kept = jobIds.filter((id) => ours(id, nodeId));
      for (const id of kept) data.jobs.set(id, { ...data.jobs.get(id)!, locked_until: leaseUntil });
      return kept;
    },
    async releaseJobsOf(nodeId) {
      for (const job of all()) if (job.locked_by === nodeId) release(job);
    },
    async nextJobAt() {
      const times = [free()[0]?.run_at, ...all().map((job) => job.locked_until)].filter((at) => at !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    async deadJobs(limit) {
      const dead = all().filter((job) => job.locked_by === undefined && job.attempts >= job.max_attempts);
      return dead.slice(0, limit).map((job) => {
        return { ...shown(job), ...(job.last_error !== undefined && { last_error: job.last_error }) };
      });
    },
  };
}

function unlocked({ locked_by: _by, locked_until: _until, ...job }: MemoryJob): MemoryJob {
  return job;
}

function shown({ job_id, task, payload, queue, attempts, max_attempts }: MemoryJob): Job {
  return { job_id, task, payload, ...(queue !== undefined && { queue }), attempts, max_attempts };
}
