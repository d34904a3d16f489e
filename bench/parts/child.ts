/** A process of a bench: started with fork, asked one question at a time, ended with the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const ANSWER_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 10_000;

/** Where CPU profiles of the children go: `BENCH_PROFILE=folder npm run bench -- …`. */
const profileFolder = process.env['BENCH_PROFILE'];

export interface BenchChildOptions {
  /** Arguments of Node itself, such as `--expose-gc`. */
  readonly nodeArgs?: readonly string[];
}

export class BenchChild {
  readonly #process: ChildProcess;

  constructor(module: URL, env: Readonly<Record<string, string>> = {}, options: BenchChildOptions = {}) {
    const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    this.#process = fork(module, {
      env: { ...process.env, ...env },
      execArgv: [...process.execArgv, ...profiling, ...(options.nodeArgs ?? [])],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Of the child. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The next message; rejects when the process ends first. */
  async next<T>(limitMs = ANSWER_LIMIT_MS): Promise<T> {
    const abort = new AbortController();
    const { signal } = abort;
    const limit = setTimeout(() => abort.abort(new Error('a bench process did not answer')), limitMs);
    try {
      return await Promise.race([
        once(this.#process, 'message', { signal }).then(([message]) => message as T),
        once(this.#process, 'exit', { signal }).then(([code, by]) => {
          throw new Error(`a bench process ended with ${code ?? by}`);
        }),
      ]);
    } finally {
      clearTimeout(limit);
      abort.abort();
    }
  }

  /** Rejects where there is no answer in five minutes, or in `limitMs`. */
  ask<T>(question: object, limitMs = ANSWER_LIMIT_MS): Promise<T> {
    const answer = this.next<T>(limitMs);
    this.#process.send(question);
    return answer;
  }

  /** The child ends by itself once nobody listens, and cleans up; one that does not is killed. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    const limit = setTimeout(() => this.#process.kill('SIGKILL'), STOP_LIMIT_MS);
    if (this.#process.connected) this.#process.disconnect();
    await ended;
    clearTimeout(limit);
  }

  /** SIGKILL, as a crash. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
