// `npm test`: says what it does, runs every test, and closes with the plain count that CI reads.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);

/** Counts from vitest's JSON report; a file that could not be loaded counts as one failure. */
function readCounts(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

function countsOf(path) {
  try {
    return readCounts(path);
  } catch (error) {
    process.stdout.write(`pickup: vitest left no report (${error.message})\n`);
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

process.stdout.write(
  `pickup: running the tests (${args.length ? args.join(' ') : 'all'}) on Node ${process.versions.node}…\n`,
);
const folder = mkdtempSync(join(tmpdir(), 'pickup-test-'));
const report = join(folder, 'report.json');
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
  { cwd: ROOT, stdio: 'inherit' },
);
const { passed, failed, skipped } = countsOf(report);
rmSync(folder, { recursive: true, force: true });
const code = run.status ?? 1;
// An error outside any test, or a run that broke off, must not read as a success.
const unseen = code !== 0 && failed === 0 ? 1 : 0;
if (unseen) process.stdout.write(`pickup: vitest ended with ${run.signal ?? code} although no test failed\n`);
process.stdout.write(`${passed} passed, ${failed + unseen} failed, ${skipped} skipped\n`);
process.exit(code === 0 && failed > 0 ? 1 : code);
