/** Makes the data folder, level by level: Node's recursive mkdir never returns where a parent refuses with ENOENT (/proc). */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The data folder cannot be made or written. */
export class FolderUnusable extends Error {
  override readonly name = 'FolderUnusable';

  constructor(folder: string, why: string) {
    super(`The data folder ${folder} cannot be used: ${why}. PICKUP_HOME chooses another.`);
  }
}

/** Makes the folder and what is missing above it, for the owner alone. Throws FolderUnusable. */
export function makeFolder(folder: string): void {
  try {
    makeLevel(resolve(folder));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new FolderUnusable(folder, code === undefined ? message : message.replace(`${code}: `, ''));
  }
}

function makeLevel(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw new Error(`${folder} is a file`);
  const parent = dirname(folder);
  if (parent !== folder) makeLevel(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
