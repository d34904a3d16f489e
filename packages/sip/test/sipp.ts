/** Runs SIPp scenarios against a server on loopback. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const running = new Set<ChildProcess>();

/** Is SIPp installed? Where it is not, CI fails and other runs say loudly that they skip. */
export function hasSipp(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v sipp'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error('SIPp (Debian package sip-tester) is needed in CI');
    console.warn('SKIPPED: the SIPp tests. Install the Debian package sip-tester to run them.');
    return false;
  }
}

interface SippOptions {
  /** A file of scenarios/, without .xml. */
  readonly scenario: string;
  readonly target: string;
  readonly calls: number;
  readonly perSecond: number;
  /** `u1` (default) UDP; `t1` TCP with one connection, `tn` with one per call. */
  readonly over?: 'u1' | 't1' | 'tn';
}

/** Resolves with the exit code (0: every call went as written) and what SIPp printed. */
export async function runSipp(
  options: SippOptions,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'sipp-'));
  const scenario = join(import.meta.dirname, 'scenarios', `${options.scenario}.xml`);
  const counts = [
    '-m',
    String(options.calls),
    '-r',
    String(options.perSecond),
    '-l',
    String(options.calls),
    ...['-t', options.over ?? 'u1', '-max_socket', '1000'],
  ];
  const args = ['-sf', scenario, ...counts, '-i', '127.0.0.1', '-p', String(port), '-timeout', '30', '-timeout_error'];
  const child = spawn('sipp', [...args, '-nostdin', '-trace_err', options.target], { cwd: folder });
  running.add(child);
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('latin1')).slice(-20_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      rmSync(folder, { recursive: true, force: true });
      resolve({ code, output });
    });
  });
}

// SIPp takes port 0 for 5060. Below the ephemeral ports: on those its own connections may already be.
let lastPort = 21_000 + (process.pid % 500) * 8;
function freePort(): Promise<number> {
  const port = lastPort++;
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(freePort()));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(port)));
  });
}

/** Ends every SIPp that a failed test left behind. */
export function killSipp(): void {
  for (const child of running) child.kill('SIGKILL');
}
