/** Writes that nobody waits for but that must not be lost while the process lives. */
import type { Log } from '../observe/index.ts';
import { StoreUnavailable } from '../stores/port.ts';
import type { Clock } from './clock.ts';

/** While the store cannot write, it is asked again after so long, and so often: for ten minutes. */
export const RETRY_MS = 1_000;
export const MOST_TRIES = 600;

/** Tries again every second while the store cannot write; other failures are bugs and are logged as ours. */
export async function untilStored<T>(
  write: () => Promise<T>,
  options: { readonly clock: Clock; readonly log: Log; readonly what: string; readonly id: string },
): Promise<T | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      const passing = error instanceof StoreUnavailable && tries < MOST_TRIES;
      if (tries === 1 || !passing)
        options.log.error('write_failed', { what: options.what, id: options.id, error: String(error), again: passing });
      if (!passing) return undefined;
      await new Promise<void>((resolve) => options.clock.after(RETRY_MS, resolve));
    }
  }
}
