/** baresip as a phone that writes texts (RFC 3428): its console sends them, and shows those that come. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port/index.ts';

export interface TextPhoneOptions {
  /** Whom it writes to: `sip:+12135550100@127.0.0.1:5060`, with `;transport=tcp` over that. */
  readonly to: string;
  /** User of the From. Default `+14155550100`. */
  readonly from?: string;
  /** What it answers a challenge with; its user is `from`. */
  readonly password?: string;
}

export interface TextPhone {
  /** Where it listens, over UDP and TCP. */
  readonly port: number;
  /** Sends one line. */
  say(text: string): void;
  /** What its console showed so far: texts that came, and what became of its own. */
  shown(): string;
  /** Resolves with the console once it shows that; rejects after `withinMs`, default 10,000. */
  until(part: string, withinMs?: number): Promise<string>;
  close(): Promise<void>;
}

const READY_MS = 15_000;

/** Its TLS port is the next one, which may be taken. */
const TRIES = 5;

/** Starts baresip; resolves once it listens. */
export async function startTextPhone(options: TextPhoneOptions): Promise<TextPhone> {
  for (let nth = 1; ; nth++) {
    try {
      return await tryTextPhone(options);
    } catch (error) {
      if (nth === TRIES || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function tryTextPhone(options: TextPhoneOptions): Promise<TextPhone> {
  const folder = await mkdtemp(join(tmpdir(), 'baresip-text-'));
  const [port, consolePort] = [await freePort(), await freePort()];
  await configure(folder, options, { port, consolePort });
  const child = spawn('baresip', ['-f', folder, '-4'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const console = createSocket('udp4').bind(0, '127.0.0.1');
  await once(console, 'listening');
  let shown = '';
  let printed = '';
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  console.on('message', (bytes) => {
    shown += bytes.toString();
    wake();
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      wake();
    });
  }
  const wait = (found: () => boolean, withinMs: number, what: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!found()) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`baresip did not show ${what}\n${printed}\n${shown}`));
      }, withinMs);
      waiting.add(look);
      look();
    });
  const close = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(timer);
    console.close();
    await rm(folder, { recursive: true, force: true });
  };
  const isSettled = () => printed.includes('baresip is ready') || child.exitCode !== null;
  void ended.then(wake);
  await wait(isSettled, READY_MS, 'that it is ready').catch(() => {});
  if (!printed.includes('baresip is ready')) {
    await close();
    throw new Error(`baresip did not start\n${printed}`);
  }
  return {
    port,
    say: (text) => console.send(`/message ${text}\n`, consolePort, '127.0.0.1'),
    shown: () => shown,
    async until(part, withinMs = 10_000) {
      await wait(() => shown.includes(part), withinMs, part);
      return shown;
    },
    close,
  };
}

async function configure(
  folder: string,
  { to, from = '+14155550100', password }: TextPhoneOptions,
  { port, consolePort }: { readonly port: number; readonly consolePort: number },
): Promise<void> {
  const lines = [
    `sip_listen 127.0.0.1:${port}`,
    `cons_listen 127.0.0.1:${consolePort}`,
    'module_path /usr/lib/baresip/modules',
    'module cons.so',
    'module_tmp account.so',
    'module_app contact.so',
    'module_app menu.so',
  ];
  const account = [`<sip:${from}@127.0.0.1>`, 'regint=0', ...(password === undefined ? [] : [`auth_pass=${password}`])];
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'accounts'), `${account.join(';')}\n`);
  await writeFile(join(folder, 'contacts'), `"Agent" <${to}>\n`);
}
