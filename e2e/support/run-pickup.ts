/** The `pickup` command as a person runs it: a process of its own, without a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PICKUP = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

/** How it ended, and what it printed. */
export interface PickupResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface PickupRun {
  /** What it printed so far. */
  out(): string;
  err(): string;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<PickupResult>;
}

/** Starts it with nothing of this process' own settings; a test run that is broken off leaves none behind. */
export function startPickup(args: readonly string[], env: Readonly<Record<string, string>>): PickupRun {
  const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PICKUP_')));
  const child = spawn(process.execPath, [PICKUP, ...args], {
    env: { ...plain, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    out: () => text.out,
    err: () => text.err,
    signal: (name) => void child.kill(name),
    ended: endOf(child).then((code) => {
      process.off('exit', kill);
      return { code, ...text };
    }),
  };
}

/** Runs it to its end. */
export function runPickup(args: readonly string[], env: Readonly<Record<string, string>>): Promise<PickupResult> {
  return startPickup(args, env).ended;
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
