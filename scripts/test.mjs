// `npm test`: says what it does, runs every test, and closes with the plain count that CI reads.
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
process.stdout.write(
  `pickup: running the tests (${args.length ? args.join(' ') : 'all'}) on Node ${process.versions.node}…\n`,
);
const run = spawnSync('vitest', ['run', ...args], { stdio: 'inherit' });
process.exit(run.status ?? 1);
