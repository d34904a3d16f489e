import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { simulatedLeg } from './simulated-leg.ts';

function leg(impatient: boolean) {
  const clock = new ManualClock();
  const heard: string[] = [];
  const made = simulatedLeg({ onAnswered: () => heard.push('end of ringing'), ...(impatient && { clock }) });
  made.onCallerGone(() => heard.push('gone'));
  return { clock, heard, leg: made };
}

test('C6 an impatient caller hangs up after a second, and what comes then is too late', async () => {
  const { clock, heard, leg: made } = leg(true);
  await clock.advance(1_000);
  expect(heard).toEqual(['end of ringing', 'gone']);
  expect(made.accept({} as never)).toBeUndefined();
  expect(made.refuse({} as never)).toBe(false);
});

test('C6 an impatient caller who is answered in time stays', async () => {
  const { clock, heard, leg: made } = leg(true);
  expect(made.accept({} as never)).toBeDefined();
  await clock.advance(5_000);
  expect(heard).toEqual(['end of ringing']);
  expect(clock.pending).toBe(0);
});

test('every other caller waits for as long as it takes', async () => {
  const { clock, heard, leg: made } = leg(false);
  await clock.advance(100_000);
  expect(heard).toEqual([]);
  expect(made.refuse({} as never)).toBe(true);
});
