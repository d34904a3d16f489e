/**
 * The store's commands for durable work, in the terms of graphile-worker, so that it can do it on Postgres.
 *
 *   S8 a job is taken by one taker; of the jobs of one queue at most one is taken at a time
 *   S9 a lease that lapsed gives its job back
 *   S10 a job added under the key of one that waits takes its place; under the key of one that is taken it comes after it
 */
import type { JsonObject } from '@pickup/contract';

export interface NewJob {
  /** What is to be done: the name of a handler. */
  readonly task: string;
  readonly payload: JsonObject;
  /** Jobs of one queue are done one after the other. */
  readonly queue?: string;
  readonly job_key?: string;
  /** `preserve_run_at`: the job in whose place it is put is not put off. Default `replace`. */
  readonly job_key_mode?: 'replace' | 'preserve_run_at';
  /** Epoch ms; default: the moment of adding, `now`. */
  readonly run_at?: number;
  /** Default 25. */
  readonly max_attempts?: number;
}

/** A job that was taken. */
export interface Job {
  /** Never given again, also once the job is done. */
  readonly job_id: string;
  readonly task: string;
  readonly payload: JsonObject;
  readonly queue?: string;
  /** This one included. */
  readonly attempts: number;
  readonly max_attempts: number;
}

export interface JobCommands {
  addJob(job: NewJob, now: number): Promise<void>;
  /** The jobs that are due, the longest due first; each is this node's until its lease lapses. */
  takeJobs(request: {
    readonly node_id: string;
    readonly now: number;
    readonly limit: number;
    readonly lease_ms: number;
  }): Promise<readonly Job[]>;
  /** Nothing happens where the job is no longer this node's. */
  completeJob(jobId: string, nodeId: string): Promise<void>;
  /** Tried again at `retryAt`, epoch ms, unless its attempts are used up: then it stays as it is, for people to see. */
  failJob(jobId: string, nodeId: string, failure: { readonly error: string; readonly retry_at: number }): Promise<void>;
  /** The ids of those that still are this node's. */
  renewLeases(jobIds: readonly string[], nodeId: string, leaseUntil: number): Promise<readonly string[]>;
  /** Gives back what this node had taken: before it takes anything, or as it stops. */
  releaseJobsOf(nodeId: string): Promise<void>;
  /** When the next job is due, epoch ms; undefined where none waits. Costs no commit. */
  nextJobAt(): Promise<number | undefined>;
  /** Jobs whose attempts are used up. */
  deadJobs(limit: number): Promise<readonly (Job & { readonly last_error?: string })[]>;
}
