import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, 'test.mjs');

/** Runs `npm test` on the files whose path contains `filter`, as a process of its own. */
function runTests(filter: string): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, filter], { env: { ...process.env, VITEST: '' } }, (error, stdout) => {
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n') });
    });
  });
}

test('npm test closes with the count alone on a line', async () => {
  const { code, lines } = await runTests('gateway/src/config/nearest-name.test.ts');
  expect(lines.at(-1)).toBe('7 passed, 0 failed, 0 skipped');
  expect(code).toBe(0);
});

test('a run in which nothing ran is a failure', async () => {
  const { code, lines } = await runTests('no-such-test-anywhere');
  expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  expect(code).not.toBe(0);
});
