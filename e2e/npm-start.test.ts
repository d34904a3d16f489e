/** `npm start` as an operator runs it: what they signal is npm, and the gateway must hear it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('H5 SIGTERM to npm start stops the gateway in order, with 0', async () => {
  const home = mkdtempSync(join(tmpdir(), 'pickup-npm-start-'));
  const child = spawn('npm', ['start', '--silent'], {
    env: { ...process.env, PICKUP_HOME: home, PICKUP_HTTP_PORT: '0', PICKUP_SIP_PORT: '0' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    let out = '';
    const url = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${out}`)));
      child.stdout.on('data', (chunk) => {
        out += chunk;
        const ready = /ready http=(\S+) /.exec(out)?.[1];
        if (ready) resolve(ready);
      });
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  } finally {
    child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
});
