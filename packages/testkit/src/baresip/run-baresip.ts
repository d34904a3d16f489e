import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWav, writeWav } from '../wav/index.ts';

/** How to run baresip, a real phone. */
export interface BaresipOptions {
  /** Whom to call: `sip:+12135550100@127.0.0.1:5060`. */
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

/** Where Debian keeps the modules. */
const MODULE_PATH = '/usr/lib/baresip/modules';
/** After being asked to hang up it has this long. */
const KILL_AFTER_MS = 5_000;

/** Places one call with headless baresip, and resolves when the process has ended. Rejects if it cannot be started. */
export async function runBaresip(options: BaresipOptions): Promise<BaresipResult> {
  const folder = await mkdtemp(join(tmpdir(), 'baresip-'));
  await mkdir(options.record, { recursive: true });
  const before = new Set(await readdir(options.record));
  try {
    await configure(folder, options);
    const run = await runToEnd(folder, options);
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

async function configure(folder: string, options: BaresipOptions): Promise<void> {
  const source = join(folder, 'say.wav');
  await writePadded(source, options);
  const lines = [
    'sip_listen 127.0.0.1:0',
    `module_path ${MODULE_PATH}`,
    'module g711.so',
    'module aufile.so',
    'module sndfile.so',
    'module_tmp account.so',
    'module_app menu.so',
    `audio_source aufile,${source}`,
    `audio_player aufile,${join(folder, 'unused.wav')}`,
    `audio_alert aufile,${join(folder, 'unused.wav')}`,
    `snd_path ${options.record}`,
    'ausrc_format s16',
    'auplay_format s16',
  ];
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`);
  const account = `<sip:${options.from ?? '+14155550100'}@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1,PCMA/8000/1`;
  await writeFile(join(folder, 'accounts'), `${account}\n`);
  await writeFile(join(folder, 'contacts'), '');
}

// baresip hangs up at the end of its source file, so what it says is followed by silence for as long as it runs.
async function writePadded(path: string, options: BaresipOptions): Promise<void> {
  const played = options.play === undefined ? { rate: 8_000, samples: new Int16Array(0) } : await readWav(options.play);
  const samples = new Int16Array(played.samples.length + Math.ceil((options.forMs / 1_000 + 5) * played.rate));
  samples.set(played.samples);
  await writeWav(path, { rate: played.rate, samples });
}

async function runToEnd(folder: string, options: BaresipOptions) {
  const limit = Math.ceil(options.forMs / 1_000) + 2;
  const args = ['-f', folder, '-4', '-e', `d ${options.dial}`, '-t', String(limit)];
  const child = spawn('baresip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const timers: NodeJS.Timeout[] = [];
  let output = '';
  let established = false;
  let stopping = false;
  const stop = () => {
    if (!stopping) timers.push(hangUp(child));
    stopping = true;
  };
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    if (!established && output.includes('Call established')) {
      established = true;
      if (options.hangUpAfterMs !== undefined) timers.push(setTimeout(stop, options.hangUpAfterMs));
    }
    if (/session closed|terminated \(duration/.test(output)) stop();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  timers.push(setTimeout(stop, options.forMs));
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { output, exitCode, established };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** SIGTERM makes baresip send its BYE or CANCEL and leave. */
function hangUp(child: ChildProcess): NodeJS.Timeout {
  child.kill('SIGTERM');
  return setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
}
