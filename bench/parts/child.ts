/** A process of a bench: started with fork, asked one question at a time, ended with the bench. */
import { type ChildProcess, fork } from 'node:child_process';

const ANSWER_LIMIT_MS = 300_000;

export class BenchChild {
  readonly #process: ChildProcess;

  constructor(module: URL, env: Readonly<Record<string, string>> = {}) {
    this.#process = fork(module, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  /** The next message; rejects when the process ends first. */
  next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('a bench process did not answer')), ANSWER_LIMIT_MS);
      this.#process.once('message', (message) => {
        clearTimeout(limit);
        resolve(message as T);
      });
      this.#process.once('exit', (code) => reject(new Error(`a bench process ended with code ${code}`)));
    });
  }

  ask<T>(question: object): Promise<T> {
    const answer = this.next<T>();
    this.#process.send(question);
    return answer;
  }

  stop(): void {
    this.#process.removeAllListeners('exit');
    this.#process.kill();
  }
}
