import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps servers; only root has it in PATH. */
export const SERVER_FOLDER = '/usr/sbin';

/**
 * Whether a program is in PATH or among the servers, for `describe.skipIf(!toolPresent('sipp'))`. A missing one is said aloud; on CI
 * (`CI=true`) it throws, so that no test is skipped there unnoticed.
 */
export function toolPresent(name: string, env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const found = [...(env['PATH'] ?? '').split(delimiter), SERVER_FOLDER].some(
    (folder) => folder !== '' && executable(join(folder, name)),
  );
  if (found) return true;
  const missing = `"${name}" is not installed: its tests cannot run.`;
  if (env['CI'] === 'true') throw new Error(missing);
  console.warn(`SKIPPED: ${missing}`);
  return false;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
