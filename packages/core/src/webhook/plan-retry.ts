/** When the webhook is asked again, if at all (C1–C4). Pure arithmetic on monotonic ms. */

/** An attempt, start to last byte, in ms (C1). */
export const ATTEMPT_TIMEOUT_MS = 10_000;
/** The first attempt and three retries (C2). */
export const MOST_ATTEMPTS = 4;
/** Kept of the ring budget for the fallback (C4). */
export const FALLBACK_RESERVE_MS = 500;
/** No attempt starts with less of the budget left (C4). */
export const LEAST_LEFT_MS = 1_000;
/** Earliest start of retry n after the chain began, before jitter (C3). */
const BACKOFF_MS = [500, 2_000, 6_000] as const;
const JITTER = 0.25;
/** A chain whose back-off is already spent goes on within this (C3). */
const GO_ON_MS = 200;

/** The end of an attempt that starts now: 10 s, or what is left of the budget less the reserve. */
export function planDeadline(startMonoMs: number, budgetEndMonoMs: number): number {
  return Math.min(startMonoMs + ATTEMPT_TIMEOUT_MS, budgetEndMonoMs - FALLBACK_RESERVE_MS);
}

/** Whether the budget lets an attempt start at this moment. */
export function mayStart(startMonoMs: number, budgetEndMonoMs: number): boolean {
  return budgetEndMonoMs - startMonoMs >= LEAST_LEFT_MS;
}

/** Seconds of a `Retry-After` header in ms; dates and anything else are not waited for. */
export function readRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header.trim()) ? Number(header.trim()) * 1_000 : undefined;
}

/** When the next attempt starts, in monotonic ms, or why there is none. */
export type RetryPlan =
  | {
      readonly retry: true;
      readonly attempt: number;
      readonly atMonoMs: number;
      readonly becauseOf: 'back_off' | 'retry_after';
    }
  | { readonly retry: false; readonly why: 'attempts_used' | 'budget_used' };

/**
 * The next attempt after `attempt` failed at `nowMonoMs`.
 * `chance` in [0, 1): ±25 % on the back-off, or the pause of a chain that is late already.
 */
export function planRetry(options: {
  readonly attempt: number;
  readonly nowMonoMs: number;
  readonly chainStartedMonoMs: number;
  readonly budgetEndMonoMs: number;
  readonly retryAfterMs?: number;
  readonly chance: number;
  /** Default 4 (C2). */
  readonly mostAttempts?: number;
}): RetryPlan {
  const { attempt, nowMonoMs, budgetEndMonoMs, retryAfterMs, chance, mostAttempts = MOST_ATTEMPTS } = options;
  if (attempt >= mostAttempts) return { retry: false, why: 'attempts_used' };
  const earliest = options.chainStartedMonoMs + backOff(attempt) * (1 - JITTER + 2 * JITTER * chance);
  const backedOff = Math.max(earliest, nowMonoMs + GO_ON_MS * chance);
  const asked = retryAfterMs === undefined ? undefined : nowMonoMs + retryAfterMs;
  if (asked !== undefined && asked > backedOff && mayStart(asked, budgetEndMonoMs)) {
    return { retry: true, attempt: attempt + 1, atMonoMs: asked, becauseOf: 'retry_after' };
  }
  if (!mayStart(backedOff, budgetEndMonoMs)) return { retry: false, why: 'budget_used' };
  return { retry: true, attempt: attempt + 1, atMonoMs: backedOff, becauseOf: 'back_off' };
}

function backOff(attempt: number): number {
  return BACKOFF_MS[attempt - 1] ?? 0;
}
