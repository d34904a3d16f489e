/** The data folder: whether it can be written, how fast, how much room there is, who else can read its secrets. */
import { access, constants, type FileHandle, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../runners/clock.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** What was measured. */
export interface FolderFacts {
  readonly folder: string;
  /** The folder, or the nearest one above it that exists. */
  readonly nearest: string;
  readonly exists: boolean;
  readonly isFolder: boolean;
  /** The permission bits of the folder. */
  readonly mode: number;
  /** Error code of a write that failed. */
  readonly writeError?: string;
  /** The middle one of a few flushed writes, in ms. */
  readonly flushMs?: number;
  readonly space?: {
    readonly freeBytes: number;
    readonly totalBytes: number;
    readonly freeFiles: number;
    /** 0 where the file system has no such limit. */
    readonly totalFiles: number;
  };
  /** Files that hold secrets and can be read by others. */
  readonly open: readonly string[];
  /** Files that belong to another user than the folder does: made by a start as root, most likely. */
  readonly foreign: readonly string[];
}

/** A commit waits for a flush, and a caller for two commits. */
const SLOW_FLUSH_MS = 50;
const LOW_SHARE = 0.05;
const LEAST_BYTES = 64 * 1024 * 1024;
const FLUSHES = 5;
/** Files that nobody but the owner may read. */
const SECRETS = ['pickup.db', 'seal.key', 'api-key'];

/** Measures; leaves nothing behind. */
export async function probeFolder(folder: string, clock: Clock): Promise<FolderFacts> {
  const nearest = await nearestExisting(folder);
  const found = await stat(nearest);
  const exists = nearest === folder;
  const written = exists ? await tryWriting(folder, clock) : await tryEntering(nearest);
  const disk = await statfs(nearest).catch(() => undefined);
  return {
    folder,
    nearest,
    exists,
    isFolder: found.isDirectory(),
    mode: found.mode & 0o777,
    ...written,
    ...(disk && {
      space: {
        freeBytes: disk.bavail * disk.bsize,
        totalBytes: disk.blocks * disk.bsize,
        freeFiles: disk.ffree,
        totalFiles: disk.files,
      },
    }),
    ...(exists ? await judgeFiles(folder, found.uid) : { open: [], foreign: [] }),
  };
}

/** What the figures mean. */
export function judgeFolder(facts: FolderFacts): readonly Finding[] {
  const { folder, exists, isFolder, nearest, writeError } = facts;
  const other = 'PICKUP_HOME=<folder> chooses another';
  if (!isFolder) return [fail(`${nearest} is no folder`, other)];
  if (writeError !== undefined) {
    const what = exists ? `${folder} cannot be written (${writeError})` : `${folder} cannot be made (${writeError})`;
    return [
      fail(
        what,
        `as the user that Pickup runs as, run this again; where that is so: chown -R <that user> ${nearest}, or ${other}`,
      ),
    ];
  }
  const found: Finding[] = [];
  if (!exists) found.push(ok(`${folder} does not exist yet; the first start makes it`));
  else if ((facts.mode & 0o077) !== 0) {
    found.push(warn(`${folder} has mode ${octal(facts.mode)}: others can look into it`, `chmod 700 ${folder}`));
  }
  for (const file of facts.open) found.push(warn(`${file} can be read by others`, `chmod 600 ${file}`));
  if (facts.foreign.length > 0) {
    const what = `${facts.foreign.join(', ')} ${facts.foreign.length === 1 ? 'belongs' : 'belong'} to another user than the folder`;
    found.push(warn(what, `chown --reference=${folder} ${facts.foreign.join(' ')}`));
  }
  if (facts.flushMs !== undefined && facts.flushMs > SLOW_FLUSH_MS) {
    const what = `a flushed write takes ${facts.flushMs.toFixed(0)} ms; every call waits for two`;
    found.push(warn(what, 'PICKUP_HOME=<folder on a local disk that nobody else keeps busy>'));
  }
  if (found.length > 0) return found;
  return [ok(`${folder}, mode ${octal(facts.mode)}, a flushed write takes ${facts.flushMs?.toFixed(1)} ms`)];
}

/** Free room for records. */
export function judgeSpace({ space, nearest }: FolderFacts): readonly Finding[] {
  if (!space) return [warn(`free space of ${nearest} is not known`, `look with: df -h ${nearest}`)];
  const { freeBytes, totalBytes, freeFiles, totalFiles } = space;
  const change = `make room on the disk of ${nearest}, or PICKUP_HOME=<folder on another disk>`;
  const free = `${size(freeBytes)} of ${size(totalBytes)} free`;
  if (freeBytes < LEAST_BYTES) return [fail(`${free}: calls are refused when the store cannot write`, change)];
  if (totalFiles > 0 && freeFiles <= 16) return [fail(`no free inodes (${freeFiles} of ${totalFiles})`, change)];
  if (freeBytes <= totalBytes * LOW_SHARE) return [warn(free, change)];
  if (totalFiles > 0 && freeFiles <= totalFiles * LOW_SHARE) {
    return [warn(`${freeFiles} of ${totalFiles} inodes free`, change)];
  }
  return [ok(free)];
}

async function nearestExisting(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  const above = dirname(folder);
  return found || above === folder ? folder : nearestExisting(above);
}

async function tryEntering(folder: string): Promise<{ readonly writeError?: string }> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => ({}),
    (error) => ({ writeError: codeOf(error) }),
  );
}

async function tryWriting(folder: string, clock: Clock) {
  const file = join(folder, `doctor-${process.pid}.tmp`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'wx', 0o600);
    const took: number[] = [];
    for (let nth = 0; nth < FLUSHES; nth++) {
      const startedMs = clock.monoMs();
      await handle.write(Buffer.alloc(4_096, nth));
      await handle.sync();
      took.push(clock.monoMs() - startedMs);
    }
    return { flushMs: took.sort((a, b) => a - b)[Math.floor(FLUSHES / 2)] ?? 0 };
  } catch (error) {
    return { writeError: codeOf(error) };
  } finally {
    await handle?.close();
    await rm(file, { force: true }).catch(() => {});
  }
}

async function judgeFiles(folder: string, owner: number) {
  const names = [...SECRETS, 'pickup.db-wal', 'pickup.db-shm', 'lock.db', 'lock.pid', 'voice-cache'];
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { name, path, found: await stat(path).catch(() => undefined) };
    }),
  );
  const there = files.flatMap(({ name, path, found }) => (found ? [{ name, path, found }] : []));
  return {
    open: there
      .filter(({ name, found }) => SECRETS.includes(name) && (found.mode & 0o077) !== 0)
      .map(({ path }) => path),
    foreign: there.filter(({ found }) => found.uid !== owner).map(({ path }) => path),
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** Bytes as a person reads them. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 2 ** (10 * step)).toFixed(step < 2 ? 0 : 1)} ${units[step]}`;
}
