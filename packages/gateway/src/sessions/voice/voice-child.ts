/**
 * One process of the offline voice, and its successors.
 *
 * Phases: starting → up → (resting → starting)… → closed. Each phase owns its timer and its process. A process that
 * ends, garbles its output or sits on a request for `stuckMs` is given up: everything pending fails at once, so that
 * a caller hears the fallback instead of waiting, and the next process starts after a back-off of 0.1 s doubling
 * to 10 s (reset once it has answered). The program ends when its stdin closes, so no way of dying leaves an orphan.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Clock, Log, SpeechRequest, SpeechResult } from './port.ts';
import { ReplyReader, type VoiceReply } from './reply-reader.ts';
import type { VoiceCommand } from './voice-program.ts';

export interface VoiceChildOptions {
  readonly command: VoiceCommand;
  readonly clock: Clock;
  readonly log: Log;
  /** For one request, from the asking, ms. */
  readonly timeoutMs: number;
  /** Requests waiting at once; more are `busy`. */
  readonly maxPending: number;
}

type Phase =
  | { readonly name: 'starting' | 'up'; readonly process: ChildProcessWithoutNullStreams; cancel: () => void }
  | { readonly name: 'resting'; cancel: () => void }
  | { readonly name: 'closed' };

type Pending = { readonly settle: (result: SpeechResult) => void };

const START_LIMIT_MS = 10_000;
/** A process that has owed an answer this long after a time-out is stuck. */
const STUCK_MS = 5_000;
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 10_000;
const KILL_AFTER_MS = 1_000;

export class VoiceChild {
  readonly #options: VoiceChildOptions;
  readonly #pending = new Map<number, Pending>();
  /** Begun or queued in the process, given up by us: what tells a stuck process from a busy one. */
  readonly #owed = new Set<number>();
  readonly #unsent = new Map<number, SpeechRequest>();
  readonly #whenUp: ((up: boolean) => void)[] = [];
  #phase: Phase;
  #nextId = 1;
  #backoffMs = FIRST_BACKOFF_MS;
  #gone: Promise<void> = Promise.resolve();
  #stopWatch: (() => void) | undefined;

  constructor(options: VoiceChildOptions) {
    this.#options = options;
    this.#phase = this.#start();
  }

  /** Requests not answered yet. */
  get load(): number {
    return this.#pending.size;
  }

  /** The running process, for tests and logs. */
  get pid(): number | undefined {
    return 'process' in this.#phase ? this.#phase.process.pid : undefined;
  }

  /** Resolves true once a process is up, false when this was closed or `limitMs` passed. */
  up(limitMs: number): Promise<boolean> {
    if (this.#phase.name === 'up') return Promise.resolve(true);
    if (this.#phase.name === 'closed') return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(limitMs, () => resolve(false));
      this.#whenUp.push((up) => {
        cancel();
        resolve(up);
      });
    });
  }

  synthesise(request: SpeechRequest): Promise<SpeechResult> {
    if (this.#phase.name === 'closed') return failed('closed', 'the voice was closed');
    if (this.#pending.size >= this.#options.maxPending) return failed('busy', 'too many texts are waiting');
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(this.#options.timeoutMs, () => this.#expire(id));
      this.#pending.set(id, {
        settle: (result) => {
          cancel();
          this.#pending.delete(id);
          resolve(result);
        },
      });
      // While it rests there is no pipe; the request waits for the next process.
      if ('process' in this.#phase) this.#send({ id, ...request });
      else this.#unsent.set(id, request);
    });
  }

  /** Ends the process and settles everything; resolves when it is gone. */
  close(): Promise<void> {
    if (this.#phase.name === 'closed') return this.#gone;
    const phase = this.#phase;
    this.#leave(phase);
    this.#phase = { name: 'closed' };
    this.#failAll('closed', 'the voice was closed');
    this.#tellUp(false);
    if ('process' in phase) this.#end(phase.process);
    return this.#gone;
  }

  #start(): Phase {
    const { command, clock, log } = this.#options;
    const child = spawn(command.file, command.args, { stdio: 'pipe', env: plainEnvironment() });
    const reader = new ReplyReader();
    this.#gone = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    child.once('error', (error) => this.#lost(child, error.message));
    child.once('exit', (code, signal) => this.#lost(child, `ended with ${signal ?? `code ${code}`}`));
    // A write to a process that has just died; its exit is what counts.
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk: Buffer) =>
      log.warn('voice.stderr', { 'pii.stderr': chunk.toString('utf8').slice(0, 500) }),
    );
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const reply of reader.push(chunk)) this.#take(child, reply);
      } catch (error) {
        this.#lost(child, error instanceof Error ? error.message : 'unreadable output');
      }
    });
    const cancel = clock.after(START_LIMIT_MS, () => this.#lost(child, 'did not start in time'));
    this.#phase = { name: 'starting', process: child, cancel };
    for (const [id, request] of this.#unsent) this.#send({ id, ...request });
    this.#unsent.clear();
    return this.#phase;
  }

  #take(child: ChildProcessWithoutNullStreams, reply: VoiceReply): void {
    if (!('process' in this.#phase) || this.#phase.process !== child) return;
    if (reply.kind === 'ready') {
      this.#leave(this.#phase);
      this.#phase = { name: 'up', process: child, cancel: () => {} };
      this.#tellUp(true);
      return;
    }
    this.#backoffMs = FIRST_BACKOFF_MS;
    this.#owed.clear();
    this.#stopWatching();
    const pending = this.#pending.get(reply.id);
    if (reply.kind === 'samples') pending?.settle({ ok: true, samples: reply.samples });
    else pending?.settle({ ok: false, error: 'refused', message: reply.message });
  }

  #expire(id: number): void {
    this.#pending.get(id)?.settle({ ok: false, error: 'timeout', message: 'the voice took too long' });
    if (this.#unsent.delete(id) || !('process' in this.#phase)) return;
    this.#send({ id, cancel: true });
    if (this.#phase.name === 'starting') return;
    this.#owed.add(id);
    const child = this.#phase.process;
    this.#stopWatch ??= this.#options.clock.after(STUCK_MS, () => {
      this.#stopWatch = undefined;
      if (this.#owed.size > 0) this.#lost(child, 'stopped answering');
    });
  }

  #lost(child: ChildProcessWithoutNullStreams, why: string): void {
    if (!('process' in this.#phase) || this.#phase.process !== child) return;
    this.#options.log.warn('voice.lost', { why, pid: child.pid, retry_ms: this.#backoffMs });
    this.#leave(this.#phase);
    child.kill('SIGKILL');
    const cancel = this.#options.clock.after(this.#backoffMs, () => this.#start());
    this.#phase = { name: 'resting', cancel };
    this.#backoffMs = Math.min(LAST_BACKOFF_MS, this.#backoffMs * 2);
    this.#failAll('crashed', `the voice ${why}`);
  }

  #leave(phase: Phase): void {
    if ('cancel' in phase) phase.cancel();
    this.#owed.clear();
    this.#stopWatching();
  }

  #stopWatching(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
  }

  #failAll(error: 'crashed' | 'closed', message: string): void {
    this.#unsent.clear();
    for (const pending of [...this.#pending.values()]) pending.settle({ ok: false, error, message });
  }

  #tellUp(up: boolean): void {
    for (const tell of this.#whenUp.splice(0)) tell(up);
  }

  #send(message: Readonly<Record<string, unknown>>): void {
    if (!('process' in this.#phase)) return;
    const json = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    this.#phase.process.stdin.write(Buffer.concat([length, json]));
  }

  #end(child: ChildProcessWithoutNullStreams): void {
    child.stdin.end();
    const cancel = this.#options.clock.after(KILL_AFTER_MS, () => child.kill('SIGKILL'));
    void this.#gone.then(cancel);
  }
}

/** What a program needs to run; the gateway's keys are none of the voice's business. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'LD_LIBRARY_PATH', 'SystemRoot', 'TMPDIR'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function failed(error: 'busy' | 'closed', message: string): Promise<SpeechResult> {
  return Promise.resolve({ ok: false, error, message });
}
