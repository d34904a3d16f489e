/** A request to a provider: until when it is waited for, and what is known of one that failed. */

/** As the promise, unless the signal comes first: then rejects with its reason; the request itself may still arrive. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Errors of a connection that never stood, or a name that is none: nothing was sent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);
const DEEPEST_CAUSE = 5;

/** True where a request certainly never left: then it may be sent again without asking. */
export function wasNeverSent(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < DEEPEST_CAUSE && typeof at === 'object' && at !== null; depth++) {
    const { code, cause } = at as { readonly code?: unknown; readonly cause?: unknown };
    if (typeof code === 'string' && NEVER_SENT.has(code)) return true;
    at = cause;
  }
  return false;
}
