import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../free-port/index.ts';
import { type BuiltinScenario, buildScenario } from './scenario.ts';

/** What SIPp is to do. */
export interface RunSippOptions {
  /** Path of an XML scenario, or one of ours. */
  readonly scenario: string | BuiltinScenario;
  /** `host:port` of the server. */
  readonly remote: string;
  /** Number called. Default `+12135550100`. */
  readonly to?: string;
  /** Number calling, in our own scenarios. Default `+14155550100`. */
  readonly from?: string;
  /** Calls in all. Default 1. */
  readonly calls?: number;
  /** New calls per second. Default 10. */
  readonly rate?: number;
  /** At most this many at once. Default: SIPp's own reckoning. */
  readonly limit?: number;
  /** Over all; what still runs then counts as failed. Default 30 s. */
  readonly timeoutMs?: number;
  /** Rows for `[field0]`, `[field1]`… of the scenario, used in order. */
  readonly rows?: readonly (readonly string[])[];
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** What SIPp reports. */
export interface SippResult {
  /** 0: every call succeeded. 1: some failed. 97: time-out. `null`: killed. */
  readonly exitCode: number | null;
  readonly successful: number;
  readonly failed: number;
  /** The last line of its statistics, by column: `ResponseTime1(C)`, `Retransmissions(C)`… */
  readonly csv: Readonly<Record<string, string>>;
  /** The scenario's `<log>` lines; ours log `call-id;code;header`: Contact or Reason of an answer, Via of a BYE. */
  readonly log: string;
  /** SIPp's error log: unexpected messages and why calls failed. */
  readonly errors: string;
}

/** Somebody else took one of its ports (it needs several in a row for media); no call was placed. */
const EXIT_BIND_ERROR = 254;
const TRIES = 3;

/** Runs SIPp on loopback, over UDP unless `args` say otherwise, and resolves when it has ended. Rejects if it cannot be started. */
export async function runSipp(options: RunSippOptions): Promise<SippResult> {
  for (let left = TRIES - 1; ; left--) {
    const result = await runOnce(options);
    if (left === 0 || result.exitCode !== EXIT_BIND_ERROR) return result;
  }
}

async function runOnce(options: RunSippOptions): Promise<SippResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sipp-'));
  const file = (name: string) => join(folder, name);
  try {
    const args = await buildArguments(options, file);
    const exitCode = await runToEnd(folder, args, (options.timeoutMs ?? 30_000) + 5_000);
    const csv = lastRow(await readOr(file('stat.csv')));
    return {
      exitCode,
      successful: Number(csv['SuccessfulCall(C)'] ?? 0),
      failed: Number(csv['FailedCall(C)'] ?? 0),
      csv,
      log: await readOr(file('calls.log')),
      errors: await readOr(file('errors.log')),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildArguments(options: RunSippOptions, file: (name: string) => string): Promise<string[]> {
  const { scenario, calls = 1, rate = 10, timeoutMs = 30_000, rows, limit } = options;
  if (typeof scenario !== 'string') {
    await writeFile(file('scenario.xml'), buildScenario(scenario, options.from ?? '+14155550100'));
  }
  if (rows !== undefined) {
    await writeFile(file('rows.csv'), `SEQUENTIAL\n${rows.map((row) => `${row.join(';')};\n`).join('')}`);
  }
  const [sipPort, mediaPort] = [await freePort(), await freePort()];
  return [
    options.remote,
    ...['-sf', typeof scenario === 'string' ? resolve(scenario) : file('scenario.xml')],
    ...['-s', options.to ?? '+12135550100', '-i', '127.0.0.1', '-p', String(sipPort)],
    ...['-mi', '127.0.0.1', '-mp', String(mediaPort)],
    ...['-m', String(calls), '-r', String(rate), '-nostdin'],
    ...['-timeout', `${Math.ceil(timeoutMs / 1_000)}s`, '-timeout_error'],
    ...['-trace_stat', '-stf', file('stat.csv'), '-fd', '1'],
    ...['-trace_logs', '-log_file', file('calls.log'), '-trace_err', '-error_file', file('errors.log')],
    ...(limit === undefined ? [] : ['-l', String(limit)]),
    ...(rows === undefined ? [] : ['-inf', file('rows.csv')]),
    ...(options.args ?? []),
  ];
}

async function runToEnd(folder: string, args: readonly string[], killAfterMs: number): Promise<number | null> {
  const child = spawn('sipp', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return exitCode;
  } finally {
    clearTimeout(timer);
  }
}

function lastRow(csv: string): Record<string, string> {
  const lines = csv.trim().split('\n');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.length > 1 ? lines.at(-1)!.split(';') : [];
  return Object.fromEntries(values.map((value, index) => [names[index] ?? '', value]).filter(([name]) => name !== ''));
}

async function readOr(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
