/** A piece of work with a time limit of its own. */
import type { Clock } from '../runners/clock.ts';

/**
 * Runs the task with a signal that fires with the given one, or once the time is over. `AbortSignal.any` and
 * `AbortSignal.timeout` would do, but leave a trace at a signal that lives long, and a timer behind that runs out.
 */
export async function withinLimit<T>(
  { clock, limitMs, signal }: { readonly clock: Clock; readonly limitMs: number; readonly signal: AbortSignal },
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController();
  const giveUp = () => limited.abort(signal.reason);
  const cancel = clock.after(limitMs, () => limited.abort(new DOMException('The time is over.', 'TimeoutError')));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await task(limited.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', giveUp);
  }
}
