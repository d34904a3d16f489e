/** S1: an attempt number exists once per inbound. */
import type { AttemptRecord } from '@pickup/contract';

/** Adds one attempt in order of number; undefined where that number is already recorded. */
export function addAttempt(
  recorded: readonly AttemptRecord[],
  attempt: AttemptRecord,
): readonly AttemptRecord[] | undefined {
  if (recorded.some((one) => one.attempt === attempt.attempt)) return undefined;
  return [...recorded, attempt].sort(byNumber);
}

/** The decision's account of an attempt stands; attempts that it does not mention are kept. */
export function mergeAttempts(
  recorded: readonly AttemptRecord[],
  decided: readonly AttemptRecord[],
): readonly AttemptRecord[] {
  const byAttempt = new Map<number, AttemptRecord>();
  for (const one of recorded) byAttempt.set(one.attempt, one);
  for (const one of decided) byAttempt.set(one.attempt, one);
  return [...byAttempt.values()].sort(byNumber);
}

function byNumber(left: AttemptRecord, right: AttemptRecord): number {
  return left.attempt - right.attempt;
}
