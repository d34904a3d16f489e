/**
 * Does the durable work: takes what is due, a bounded number at once, renews its leases, tries again what fails. At
 * least once: a job that was under way when the process died is done again, so handlers can be repeated.
 */
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import type { Job, JobCommands, NewJob } from '../stores/port.ts';

/** `again`: what is to follow it; put in the same place it is no failure, only not the time yet. */
// biome-ignore lint/suspicious/noConfusingVoidType: handlers that have nothing to say return nothing
export type JobResult = void | { readonly again: NewJob };
/** `signal`: the gateway stops, or the lease was lost to another node. Failing is rejecting. */
export type JobHandler = (job: Job, signal: AbortSignal) => Promise<JobResult>;

export interface JobRunner {
  /** Gives back what a run before this one had taken, then works. */
  start(): Promise<void>;
  /** Something may be due: looks at once, which costs no commit. */
  wake(): void;
  /**
   * To be called right behind a store command that adds a job, before it is waited for: what is due is then taken by
   * the same commit.
   */
  takeAlong(): void;
  /** Takes nothing more, waits for at most `limitMs`, then breaks off; what was broken off is given back. */
  stop(limitMs: number): Promise<void>;
  readonly running: number;
}

export interface JobRunnerDeps {
  readonly store: JobCommands;
  readonly clock: Clock;
  readonly nodeId: string;
  /** By task. */
  readonly handlers: Readonly<Record<string, JobHandler>>;
  readonly log: Log;
  /** Jobs at once; most of them wait for a model, an endpoint or a provider. Default 2,000. */
  readonly most?: number;
}

const MOST_AT_ONCE = 2_000;
/** Taken by one commit. */
const MOST_TAKEN = 200;
/** The look costs some microseconds and no commit. */
const POLL_MS = 200;
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** What was told to stop has this long to do so. */
const BREAK_OFF_MS = 1_000;

/** Ms until the next try, as graphile-worker counts: e to the power of the attempt, at most e^10 seconds. */
export function backOffMs(attempts: number): number {
  return Math.round(Math.exp(Math.min(10, attempts)) * 1_000);
}

export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  return new Runner(deps);
}

class Runner implements JobRunner {
  readonly #deps: JobRunnerDeps;
  readonly #running = new Map<string, { readonly aborter: AbortController; readonly done: Promise<void> }>();
  #cancelPoll = () => {};
  #cancelRenewal = () => {};
  #looking = false;
  #takingAlong = false;
  #taking = false;
  /** Places for jobs that are being taken. */
  #reserved = 0;
  #wanted = false;
  #stopped = true;
  /** Epoch ms. */
  #renewedAt = 0;

  constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
  }

  get running(): number {
    return this.#running.size;
  }

  get #isFull(): boolean {
    return this.#running.size >= (this.#deps.most ?? MOST_AT_ONCE);
  }

  async start(): Promise<void> {
    await this.#deps.store.releaseJobsOf(this.#deps.nodeId);
    this.#stopped = false;
    this.#renewedAt = this.#deps.clock.wallMs();
    this.#poll();
    this.#renewLater();
    this.wake();
  }

  wake(): void {
    // While there is no place, the next that ends looks.
    if (this.#stopped || this.#looking || this.#isFull) return;
    this.#looking = true;
    // After the events of this turn of the loop: what came together is taken together.
    setImmediate(() => {
      this.#looking = false;
      void this.#look();
    });
  }

  takeAlong(): void {
    if (this.#stopped || this.#takingAlong) return;
    this.#takingAlong = true;
    // Still before the batch goes to the writer, and once for all that is added in this turn.
    queueMicrotask(() => {
      this.#takingAlong = false;
      this.#take().catch((error) => this.#deps.log.error('jobs_failed', { error: String(error) }));
    });
  }

  async #look(): Promise<void> {
    const { store, clock, log } = this.#deps;
    try {
      const at = await store.nextJobAt();
      if (at === undefined || at > clock.wallMs()) return;
      this.#wanted = true;
      if (!this.#taking && !this.#stopped) await this.#takeAll();
    } catch (error) {
      log.error('jobs_failed', { error: String(error) });
    }
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelPoll();
    await this.#idleWithin(limitMs);
    for (const { aborter } of this.#running.values()) aborter.abort();
    await this.#idleWithin(BREAK_OFF_MS);
    this.#cancelRenewal();
    const { store, nodeId, log } = this.#deps;
    await store.releaseJobsOf(nodeId).catch((error) => log.error('jobs_failed', { error: String(error) }));
  }

  #idleWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(ms, resolve);
      void Promise.all([...this.#running.values()].map(({ done }) => done)).then(() => {
        cancel();
        resolve();
      });
    });
  }

  #poll(): void {
    if (this.#stopped) return;
    this.#cancelPoll = this.#deps.clock.after(POLL_MS, () => {
      this.wake();
      this.#poll();
    });
  }

  /** One look at a time; what was wanted meanwhile is looked at again. */
  async #takeAll(): Promise<void> {
    this.#taking = true;
    try {
      while (this.#wanted && !this.#stopped) {
        this.#wanted = false;
        if ((await this.#take()) === 'more') this.#wanted = true;
      }
    } catch (error) {
      this.#deps.log.error('jobs_failed', { error: String(error) });
    } finally {
      this.#taking = false;
    }
  }

  /** `more`: there may be more than could be taken at once. */
  async #take(): Promise<'more' | 'all'> {
    const { store, clock, nodeId, most = MOST_AT_ONCE } = this.#deps;
    const limit = Math.min(MOST_TAKEN, most - this.#running.size - this.#reserved);
    if (limit <= 0 || this.#stopped) return 'all';
    this.#reserved += limit;
    const now = clock.wallMs();
    // The clock was set, or the machine stood still: our own leases must not lapse to ourselves, which would do the
    // same work twice at once. Commands are done in their order.
    if (now - this.#renewedAt >= 2 * RENEW_MS) void this.#renewLogged();
    try {
      const jobs = await store.takeJobs({ node_id: nodeId, now, limit, lease_ms: LEASE_MS });
      for (const job of jobs) this.#begin(job);
      return jobs.length === limit ? 'more' : 'all';
    } finally {
      this.#reserved -= limit;
    }
  }

  #begin(job: Job): void {
    if (this.#running.has(job.job_id)) return;
    const aborter = new AbortController();
    const done = this.#run(job, aborter.signal).finally(() => {
      this.#running.delete(job.job_id);
      // Another of its queue may have waited for it, or for a place.
      this.wake();
    });
    this.#running.set(job.job_id, { aborter, done });
  }

  /** Never rejects. A job whose end cannot be written is done again once its lease has lapsed. */
  async #run(job: Job, signal: AbortSignal): Promise<void> {
    const { store, clock, nodeId, handlers, log } = this.#deps;
    const { job_id: id, task, attempts } = job;
    try {
      const handler = handlers[task];
      if (handler === undefined) throw new Error(`nobody here does ${task}`);
      const result = await handler(job, signal);
      if (result) await store.addJob(result.again, clock.wallMs());
      await store.completeJob(id, nodeId);
    } catch (error) {
      if (signal.aborted) return;
      const wait = backOffMs(attempts);
      log.warn('job_failed', { id, task, attempt: attempts, error: String(error), retry_ms: wait });
      const failure = { error: String(error).slice(0, 500), retry_at: clock.wallMs() + wait };
      await store.failJob(id, nodeId, failure).catch((again) => log.error('jobs_failed', { id, error: String(again) }));
    }
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#deps.clock.after(RENEW_MS, () => {
      void this.#renewLogged().finally(() => this.#stopped || this.#renewLater());
    });
  }

  async #renewLogged(): Promise<void> {
    try {
      await this.#renew();
    } catch (error) {
      this.#deps.log.error('jobs_failed', { error: String(error) });
    }
  }

  /** Whatever is no longer ours is somebody else's to finish. */
  async #renew(): Promise<void> {
    const { store, clock, nodeId, log } = this.#deps;
    const ids = [...this.#running.keys()];
    this.#renewedAt = clock.wallMs();
    if (ids.length === 0) return;
    const ours = new Set(await store.renewLeases(ids, nodeId, this.#renewedAt + LEASE_MS));
    for (const id of ids) {
      const one = this.#running.get(id);
      // One that has ended meanwhile is nobody's any more.
      if (ours.has(id) || one === undefined) continue;
      log.warn('job_lost', { id });
      one.aborter.abort();
    }
  }
}
