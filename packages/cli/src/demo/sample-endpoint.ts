/** The sample endpoint of examples/receiver, as a customer runs it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../../examples/receiver/server.ts', import.meta.url));
const START_LIMIT_MS = 15_000;

export interface SampleEndpoint {
  readonly url: string;
  stop(): void;
}

/** Resolves once it listens; rejects with what it printed where it does not. */
export function startSampleEndpoint(options: {
  readonly port: number;
  readonly apiKey: string;
}): Promise<SampleEndpoint> {
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...process.env, PORT: String(options.port), RETELL_API_KEY: options.apiKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    const limit = setTimeout(() => fail(`not up after ${START_LIMIT_MS / 1_000} s`), START_LIMIT_MS);
    const fail = (why: string) => {
      clearTimeout(limit);
      child.kill();
      reject(new Error(`the sample endpoint did not start: ${why}\n${printed}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it ended with code ${code}`));
    const listen = (chunk: Buffer) => {
      printed += chunk;
      if (!printed.includes('webhooks: ')) return;
      clearTimeout(limit);
      child.removeAllListeners('exit');
      resolve(endpointOf(child, options.port));
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
  });
}

function endpointOf(child: ChildProcess, port: number): SampleEndpoint {
  const stop = () => void child.kill();
  // However the demo ends, the endpoint ends with it.
  process.once('exit', stop);
  return { url: `http://127.0.0.1:${port}/`, stop };
}
