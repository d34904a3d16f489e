import { describe, expect, test } from 'vitest';
import { mayStart, planDeadline, planRetry, readRetryAfter } from './plan-retry.ts';

const plan = (replaced: Partial<Parameters<typeof planRetry>[0]> = {}) =>
  planRetry({ attempt: 1, nowMonoMs: 20, chainStartedMonoMs: 0, budgetEndMonoMs: 45_000, chance: 0.5, ...replaced });

test('C1 C4 an attempt has 10 s, cut to what is left of the budget less 500 ms', () => {
  expect(planDeadline(0, 45_000)).toBe(10_000);
  expect(planDeadline(0, 10_500)).toBe(10_000);
  expect(planDeadline(0, 10_499)).toBe(9_999);
  expect(planDeadline(39_000, 45_000)).toBe(44_500);
});

test('C4 no attempt starts with less than 1 s left', () => {
  expect(mayStart(44_000, 45_000)).toBe(true);
  expect(mayStart(44_000.5, 45_000)).toBe(false);
});

describe('C3 when a retry starts', () => {
  test.each([
    [1, 500],
    [2, 2_000],
    [3, 6_000],
  ])('C3 retry %i starts %i ms after the chain began, ± 25 %%', (attempt, ms) => {
    expect(plan({ attempt, chance: 0 })).toMatchObject({ retry: true, attempt: attempt + 1, atMonoMs: ms * 0.75 });
    expect(plan({ attempt, chance: 0.5 })).toMatchObject({ atMonoMs: ms });
    expect(plan({ attempt, chance: 1 })).toMatchObject({ atMonoMs: ms * 1.25 });
  });

  test('C3 a chain that is late goes on within 250 ms', () => {
    for (const chance of [0, 0.5, 0.999]) {
      const late = plan({ nowMonoMs: 10_000, chance });
      if (!late.retry) throw new Error('no retry');
      expect(late.atMonoMs).toBeGreaterThanOrEqual(10_000);
      expect(late.atMonoMs).toBeLessThanOrEqual(10_250);
    }
  });

  test('case 56 the retries of a thousand chains are spread, not bunched', () => {
    const starts = Array.from({ length: 1_000 }, (_, i) => plan({ chance: i / 1_000 })).map((p) =>
      p.retry ? Math.floor(p.atMonoMs / 25) : -1,
    );
    const counts = new Map<number, number>();
    for (const slot of starts) counts.set(slot, (counts.get(slot) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(101);
  });

  test('C2 there is no fifth attempt', () => {
    expect(plan({ attempt: 4 })).toEqual({ retry: false, why: 'attempts_used' });
  });

  test('C4 a retry the budget does not let start is not waited for', () => {
    expect(plan({ budgetEndMonoMs: 1_499 })).toEqual({ retry: false, why: 'budget_used' });
    expect(plan({ budgetEndMonoMs: 1_500 })).toMatchObject({ retry: true, atMonoMs: 500 });
  });
});

describe('case 37 Retry-After', () => {
  test('C3 seconds only; dates and junk are not waited for', () => {
    expect(readRetryAfter('1')).toBe(1_000);
    expect(readRetryAfter(' 30 ')).toBe(30_000);
    for (const junk of [undefined, '', '-1', '1.5', '1e3', 'Wed, 21 Oct 2026 07:28:00 GMT', '9'.repeat(400)]) {
      expect(readRetryAfter(junk)).toBeUndefined();
    }
  });

  test('C3 it is waited where it fits the budget', () => {
    expect(plan({ retryAfterMs: 1_000 })).toEqual({
      retry: true,
      attempt: 2,
      atMonoMs: 1_020,
      becauseOf: 'retry_after',
    });
  });

  test('C3 it is not waited where it does not fit, nor does it make a retry earlier', () => {
    expect(plan({ retryAfterMs: 3_600_000 })).toMatchObject({ atMonoMs: 500, becauseOf: 'back_off' });
    expect(plan({ retryAfterMs: 0 })).toMatchObject({ atMonoMs: 500, becauseOf: 'back_off' });
  });
});
