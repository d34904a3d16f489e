/** The `pickup` command: gives the process to run(). */
import { setTimeout as sleep } from 'node:timers/promises';
import { readStart } from './read-start.ts';
import { run } from './run.ts';
import { styleFor } from './style.ts';

// A reader that leaves early (`pickup inbounds list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

const code = await run(process.argv.slice(2), {
  env: process.env,
  out: (line) => process.stdout.write(line),
  err: (line) => process.stderr.write(line),
  style: styleFor(process.stdout.isTTY === true, process.env),
  ...(process.stdout.isTTY && { columns: process.stdout.columns }),
  readStdin: (most) => readStart(process.stdin, most),
  sleep: async (ms) => {
    await sleep(ms);
  },
  monoMs: () => performance.now(),
  stopAsked,
});

// Whatever a command left open ends here, once what it printed is out.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit(code);
