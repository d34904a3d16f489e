/** Writes a secret to a file only its owner can read. */
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Mode 0600, on the disk when it returns, whole or not at all; takes the place of an existing file. */
export async function writeSecret(file: string, secret: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true });
  await chmod(draft, 0o600);
  await rename(draft, file);
}
