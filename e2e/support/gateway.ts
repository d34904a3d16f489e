/** A real gateway: `pickup serve` in a process of its own, on free ports and a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Retell } from 'retell-sdk';
import { until } from './until.ts';

const PICKUP = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const WITH_SAMPLES = fileURLToPath(new URL('./serve-samples.ts', import.meta.url));
/** Generous: a busy machine may take long to load the server and the voice. */
const START_LIMIT_MS = 60_000;

/** The first API key of every gateway of these tests. */
export const API_KEY = 'key_e2e_5f1d7c0a9b3e4826';

export interface GatewayOptions {
  /** On top of the defaults; undefined takes a default away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: a new folder, removed when the gateway has ended. */
  readonly home?: string;
  /** Loads the sample data; its number asks this URL. */
  readonly samples?: { readonly webhookUrl: string };
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
}

export interface GatewayProcess {
  readonly httpUrl: string;
  readonly sip: { readonly host: string; readonly port: number };
  readonly home: string;
  readonly pid: number;
  /** The official SDK, unmodified. */
  readonly client: Retell;
  /** Any route, also ours. */
  rest(method: string, path: string, body?: unknown, key?: string): Promise<Answer>;
  /** What it printed on stderr so far. */
  stderr(): string;
  /** The log's lines with this `message`. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  /** SIGTERM; resolves when the process has ended. */
  stop(): Promise<Exit>;
  /** SIGKILL; resolves when the process has ended. */
  kill9(): Promise<Exit>;
}

/** Resolves once it takes calls; rejects with what it printed where it does not. */
export async function startGateway(options: GatewayOptions = {}): Promise<GatewayProcess> {
  const run = spawnServe(options);
  const ready = await Promise.race([
    run.readyLine,
    run.exited.then(({ code, signal }) => Promise.reject(new Error(`ended with ${code ?? signal}\n${run.stderr()}`))),
    rejectAfter(START_LIMIT_MS, () => `not ready after ${START_LIMIT_MS} ms\n${run.stderr()}`),
  ]).catch((error) => {
    run.child.kill('SIGKILL');
    throw error;
  });
  const [, httpUrl = '', host = '', port = ''] = /^ready http=(\S+) sip=(\S+):(\d+)$/m.exec(ready) ?? [];
  const end = (signal: NodeJS.Signals) => {
    run.child.kill(signal);
    return run.exited;
  };
  return {
    httpUrl,
    sip: { host, port: Number(port) },
    home: run.home,
    pid: run.child.pid ?? 0,
    client: new Retell({ apiKey: API_KEY, baseURL: httpUrl, maxRetries: 0 }),
    rest: (method, path, body, key) => request(`${httpUrl}${path}`, { method, body, key: key ?? API_KEY }),
    stderr: run.stderr,
    logged: (event) => logLines(run.stderr()).filter((line) => Object.values(line).includes(event)),
    signal: (name) => void run.child.kill(name),
    exited: run.exited,
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
  };
}

/** Runs `pickup serve` where it is expected not to start; resolves with how it ended. */
export async function serveThatFails(options: GatewayOptions): Promise<Exit & { readonly stderr: string }> {
  const run = spawnServe(options);
  const ended = await Promise.race([
    run.exited,
    run.readyLine.then(() => Promise.reject(new Error('it started'))),
    rejectAfter(START_LIMIT_MS, () => `still neither ready nor ended\n${run.stderr()}`),
  ]).finally(() => run.child.kill('SIGKILL'));
  return { ...ended, stderr: run.stderr() };
}

function spawnServe({ env = {}, home, samples }: GatewayOptions) {
  const folder = home ?? mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  const defaults = {
    PICKUP_HOME: folder,
    PICKUP_HTTP_PORT: '0',
    PICKUP_SIP_PORT: '0',
    PICKUP_API_KEY: API_KEY,
    ...(samples && { E2E_SAMPLE_WEBHOOK: samples.webhookUrl }),
  };
  const command = samples ? [WITH_SAMPLES] : [PICKUP, 'serve'];
  const child = spawn(process.execPath, command, {
    env: { ...withoutPickup(process.env), ...defaults, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
  });
  const exited = endOf(child).finally(() => {
    if (home === undefined) rmSync(folder, { recursive: true, force: true });
  });
  // A test run that is broken off leaves no gateway behind.
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  void exited.then(() => process.off('exit', kill));
  return { child, home: folder, stderr: () => printed, exited, readyLine: firstLine(child, 'ready ') };
}

function withoutPickup(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PICKUP_')));
}

/** Also waits until everything it printed has been read. */
async function endOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function firstLine(child: ChildProcess, start: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const line = text.split('\n').find((one, at, all) => at < all.length - 1 && one.startsWith(start));
      if (line !== undefined) resolve(line);
    });
  });
}

function rejectAfter(ms: number, message: () => string): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error(message())), ms).unref());
}

async function request(
  url: string,
  options: { readonly method: string; readonly body?: unknown; readonly key: string },
): Promise<Answer> {
  const { method, body, key } = options;
  const reply = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) };
}

function logLines(stderr: string): readonly Readonly<Record<string, unknown>>[] {
  return stderr.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until a stopped or started gateway answers this path with this status. */
export function answers(gateway: GatewayProcess, path: string, status: number): Promise<boolean> {
  return until(`${path} answers ${status}`, async () => (await gateway.rest('GET', path)).status === status);
}
