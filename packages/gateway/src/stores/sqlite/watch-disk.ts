/** Watches the disk's free space, off the hot path. */
import { statfs } from 'node:fs/promises';

const CHECK_EVERY_MS = 5_000;
const LOW_SHARE = 0.05;

export interface DiskSpace {
  readonly free_bytes: number;
  readonly total_bytes: number;
}

export interface WatchDiskOptions {
  readonly folder: string;
  /** Calls `fire` once after the delay; returns what cancels it. */
  readonly after: (delayMs: number, fire: () => void) => () => void;
  /** Called when 5 % or less is free, and again only after it has been above that. */
  readonly onDiskLow: (space: DiskSpace) => void;
  /** Default: statfs of the folder. */
  readonly measure?: (folder: string) => Promise<DiskSpace>;
}

/** Checks every 5 s until the returned function is called. */
export function watchDisk(options: WatchDiskOptions): () => void {
  const { folder, after, onDiskLow, measure = measureDisk } = options;
  let low = false;
  let stopped = false;
  let cancel = () => {};
  const check = async (): Promise<void> => {
    const space = await measure(folder).catch(() => undefined);
    if (stopped) return;
    const isLow = space !== undefined && space.free_bytes <= space.total_bytes * LOW_SHARE;
    if (isLow && !low) onDiskLow(space);
    low = isLow;
    cancel = after(CHECK_EVERY_MS, () => void check());
  };
  void check();
  return () => {
    stopped = true;
    cancel();
  };
}

async function measureDisk(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
}
