import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port/index.ts';
import { type BaresipKeys, openKeys } from './baresip-keys.ts';
import { configure } from './configure.ts';

/** How to run baresip, a real phone. */
export interface BaresipOptions {
  /** Whom to call: `sip:+12135550100@127.0.0.1:5060`, with `;transport=tcp` or `;transport=tls` over these. */
  readonly dial: string;
  /** Total running time at most; then it hangs up and ends. */
  readonly forMs: number;
  /** A WAV said once the call stands; silence without. */
  readonly play?: string;
  /** Existing or new folder for the recordings. */
  readonly record: string;
  /** Hang up this long after the call was answered. Default: when `forMs` is over or the other side hangs up. */
  readonly hangUpAfterMs?: number;
  /** User of the From. Default `+14155550100`. */
  readonly from?: string;
  /** The proxy every request goes to first: `sip:127.0.0.1:5070;transport=tcp`. Default: whom it calls. */
  readonly proxy?: string;
  /** What it answers a challenge with (RFC 8760); its user is `from`. */
  readonly password?: string;
  /** PEM file with the authorities a server's certificate has to come from. */
  readonly caFile?: string;
  /** `required`: audio encrypted by SDES (RFC 4568), or no call. Default: plain audio. */
  readonly srtp?: 'required';
  /** What is done once the call stands; when it is through, baresip hangs up. Its failure is this run's. */
  readonly talk?: (keys: BaresipKeys) => Promise<void>;
}

/** What baresip did. */
export interface BaresipResult {
  readonly output: string;
  /** `null` when it had to be killed. */
  readonly exitCode: number | null;
  /** Whether the call was answered. */
  readonly established: boolean;
  /** WAV of what it heard; absent where no call stood. */
  readonly heard?: string;
  /** WAV of what it said. */
  readonly said?: string;
}

/** After being asked to hang up it has this long. */
const KILL_AFTER_MS = 5_000;

/** Places one call with headless baresip, and resolves when the process has ended. Rejects if it cannot be started. */
export async function runBaresip(options: BaresipOptions): Promise<BaresipResult> {
  const folder = await mkdtemp(join(tmpdir(), 'baresip-'));
  await mkdir(options.record, { recursive: true });
  const before = new Set(await readdir(options.record));
  try {
    const keysPort = await freePort();
    await configure(folder, options, keysPort);
    const run = await runToEnd(folder, options, keysPort);
    const files = (await readdir(options.record)).filter((name) => !before.has(name));
    const heard = files.find((name) => name.endsWith('-dec.wav'));
    const said = files.find((name) => name.endsWith('-enc.wav'));
    return {
      ...run,
      ...(heard === undefined ? {} : { heard: join(options.record, heard) }),
      ...(said === undefined ? {} : { said: join(options.record, said) }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runToEnd(folder: string, options: BaresipOptions, keysPort: number) {
  const limit = Math.ceil(options.forMs / 1_000) + 2;
  const args = ['-f', folder, '-4', '-e', `d ${options.dial}`, '-t', String(limit)];
  const child = spawn('baresip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const timers: NodeJS.Timeout[] = [];
  let output = '';
  let established = false;
  let stopping = false;
  let talking: Promise<void> | undefined;
  const stop = () => {
    if (!stopping) timers.push(hangUp(child));
    stopping = true;
  };
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    if (!established && output.includes('Call established')) {
      established = true;
      if (options.hangUpAfterMs !== undefined) timers.push(setTimeout(stop, options.hangUpAfterMs));
      if (options.talk !== undefined) {
        talking = talk(options.talk, keysPort).finally(stop);
        // Told where the run is awaited.
        talking.catch(() => {});
      }
    }
    if (/session closed|terminated \(duration/.test(output)) stop();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  timers.push(setTimeout(stop, options.forMs));
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    await talking;
    return { output, exitCode, established };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

async function talk(through: (keys: BaresipKeys) => Promise<void>, port: number): Promise<void> {
  const keys = await openKeys(port);
  await through(keys).finally(() => keys.close());
}

/** SIGTERM makes baresip send its BYE or CANCEL and leave. */
function hangUp(child: ChildProcess): NodeJS.Timeout {
  child.kill('SIGTERM');
  return setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
}
