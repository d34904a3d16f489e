import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port/index.ts';
import { SERVER_FOLDER } from '../tool/tool-present.ts';
import { buildProxyConfig } from './proxy-config.ts';

/** How a proxy reaches the gateway. */
export type Relay = 'udp' | 'tcp';

/** How to run Kamailio, a real proxy. */
export interface KamailioOptions {
  /** Where it relays what comes from outside. */
  readonly gateway: { readonly host: string; readonly port: number };
  /** One branch of the INVITE per entry, all to the gateway. Default `['udp']`. */
  readonly relay?: readonly Relay[];
  /** How long it lets a call ring before it gives up with 408 (tm's fr_inv_timer, not begun anew by a 180). Default 60 s. */
  readonly ringLimitMs?: number;
  /** Where it takes calls, as one that is started again does. Default: any free port. */
  readonly port?: number;
}

/** A running proxy. It takes UDP and TCP on the same port. */
export interface Kamailio {
  readonly host: string;
  readonly port: number;
  /** What it printed so far. */
  output(): string;
  /** Ends it with its children; resolves when none is left. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Somebody else may take its port in the moment before it does. */
const TRIES = 3;
/** Generous: a busy machine may take long to start a dozen processes. */
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 50;

/** Runs Debian's Kamailio as a child on a loopback port; resolves once it answers, rejects with what it printed. */
export async function startKamailio(options: KamailioOptions): Promise<Kamailio> {
  for (let left = TRIES - 1; ; left--) {
    const port = options.port ?? (await freePort(HOST));
    const started = await tryToStart(buildProxyConfig(options, HOST, port), port);
    if ('output' in started) return started;
    if (left === 0 || !started.failed.includes('already in use')) throw new Error(`kamailio: ${started.failed}`);
  }
}

async function tryToStart(config: string, port: number): Promise<Kamailio | { readonly failed: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'kamailio-'));
  await writeFile(join(folder, 'kamailio.cfg'), config);
  // Not a daemon, so that its end is seen; small pools, as it only has a handful of calls to carry.
  const args = ['-DD', '-E', '-m', '16', '-M', '4', '-w', folder, '-Y', folder, '-f', join(folder, 'kamailio.cfg')];
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}${delimiter}${SERVER_FOLDER}` };
  const child = spawn('kamailio', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const kill = () => killTree(child);
  process.once('exit', kill);
  let isOver = false;
  const ended = once(child, 'close').finally(async () => {
    isOver = true;
    process.off('exit', kill);
    await rm(folder, { recursive: true, force: true });
  });
  const stop = () => stopTree(child, ended);
  const isUp = await Promise.race([answers(port, () => isOver), ended.then(() => false)]);
  if (isUp) return { host: HOST, port, output: () => printed, stop };
  await stop();
  return { failed: printed || 'it did not answer' };
}

/** SIGTERM lets it end its children by itself; who is left after a while is killed. */
async function stopTree(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => killTree(child), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}

function killTree(child: ChildProcess): void {
  const children = child.exitCode === null && child.pid !== undefined ? childrenOf(child.pid) : [];
  child.kill('SIGKILL');
  for (const pid of children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return list === '' ? [] : list.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Whether both its ways in are open within the limit: an OPTIONS is answered over UDP, a TCP connection is taken. */
async function answers(port: number, isOver: () => boolean): Promise<boolean> {
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  let isAnswered = false;
  socket.on('message', () => {
    isAnswered = true;
  });
  const own = `${HOST}:${socket.address().port}`;
  const probe = [
    `OPTIONS sip:${HOST}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bKprobe`,
    `From: <sip:${own}>;tag=probe`,
    `To: <sip:${HOST}:${port}>`,
    `Call-ID: probe@${own}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 1',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
  const giveUpAt = performance.now() + START_LIMIT_MS;
  try {
    while (performance.now() < giveUpAt && !isOver()) {
      if (isAnswered && (await takesConnections(port))) return true;
      socket.send(probe, port, HOST);
      await sleep(POLL_MS);
    }
    return false;
  } finally {
    socket.close();
  }
}

function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, HOST);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
