import { setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** Above everything that is left as it is. */
const AUDIO_NICE = -20;

/**
 * Puts this thread before others: audio cannot wait. Linux alone counts priorities by thread, and gives them to those
 * who may have them (root, CAP_SYS_NICE); elsewhere, and for others, all stays as it is.
 */
export function raiseThreadPriority(): void {
  // The helpers of a parallel collection have no priority: while the cores are busy, this thread would wait for them.
  // The flag is the process's; measured, the other threads lose nothing by it.
  setFlagsFromString('--no-parallel-scavenge');
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, AUDIO_NICE);
  } catch {
    // Not allowed: the pacer makes the best of it.
  }
}
