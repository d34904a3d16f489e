import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { createLog } from '../../../observe/index.ts';
import { reportStrangers } from './report-strangers.ts';

test('A4 strangers leave a counter: in the log every 5 min where it has changed, and at the end', async () => {
  const clock = new ManualClock();
  const lines: { readonly refused: number }[] = [];
  const log = createLog({ write: (line) => void lines.push(JSON.parse(line)), clock });
  let refused = 0;
  const report = reportStrangers({ counts: () => ({ refused, banned: 0, silenced: 0, malformed: 0 }), clock, log });
  await clock.advance(600_000);
  expect(lines).toEqual([]);
  refused = 7;
  await clock.advance(299_999);
  expect(lines).toEqual([]);
  await clock.advance(900_000);
  expect(lines).toMatchObject([{ event: 'sip_strangers', refused: 7, banned: 0 }]);
  refused = 8;
  report.stop();
  report.stop();
  expect(lines.map((line) => line.refused)).toEqual([7, 8]);
  expect(clock.pending).toBe(0);
});
