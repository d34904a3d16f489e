import type { SessionPlan } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { silentLog } from '../observe/log.ts';
import type { PrepareResult } from '../sessions/port.ts';
import { createRehearsedStart } from './rehearse-start.ts';

/** As much of a plan as starting looks at. */
const plan = { channel: 'voice', overridden: [] } as unknown as SessionPlan;

function start(prepared: () => PrepareResult) {
  const asked: boolean[] = [];
  const runtime = {
    name: 'tried',
    honours: () => new Set<string>(),
    prepare: async (_: SessionPlan, { sound }: { readonly sound: boolean }) => {
      asked.push(sound);
      return prepared();
    },
    close: async () => {},
  };
  return { asked, start: createRehearsedStart({ runtime, clock: new ManualClock(), log: silentLog }) };
}

test('a session that a rehearsal made ready is let go, and is made without sound', async () => {
  const told: string[] = [];
  const session = { start: () => void told.push('started'), close: () => void told.push('closed') };
  const { asked, start: rehearsed } = start(() => ({ ready: true, session }));
  expect(await rehearsed(plan)).toMatchObject({ ready: true, runtime: 'tried' });
  expect({ asked, told }).toEqual({ asked: [false], told: ['closed'] });
});

test('F4 why none can start is told', async () => {
  const { start: rehearsed } = start(() => ({ ready: false, message: 'it has no words', missing: [] }));
  expect(await rehearsed(plan)).toEqual({ ready: false, message: 'it has no words' });
});
