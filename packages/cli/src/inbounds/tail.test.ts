import type { AttemptRecord, InboundObject } from '@pickup/contract';
import { expect, test } from 'vitest';
import { PLAIN } from '../style.ts';
import { createTailLines } from './tail.ts';

const T = 1_700_000_000_000;
const inbound = (over: Partial<InboundObject> = {}): InboundObject => ({
  inbound_id: 'inb_1',
  channel: 'call',
  edge: 'sip',
  from_number: '+1',
  to_number: '+2',
  arrival_timestamp: T,
  outcome: null,
  attempts: [],
  issues: [],
  decision: [],
  ...over,
});
const attempt = (nth: number, verdict: AttemptRecord['verdict']): AttemptRecord => ({
  attempt: nth,
  start_timestamp: T,
  end_timestamp: T + nth,
  phases: { total_ms: nth },
  status: verdict === 'accepted' ? 200 : 503,
  verdict,
});

test('an inbound is told as it goes on, nothing of it twice', () => {
  const lines = createTailLines(200, PLAIN);
  const failed = attempt(1, 'failed');
  const accepted = attempt(2, 'accepted');
  const labels = (over: Partial<InboundObject>) => lines(inbound(over)).map((line) => line.slice(14, 24).trim());
  expect(labels({})).toEqual(['arrived']);
  expect(labels({ attempts: [failed] })).toEqual(['attempt 1']);
  expect(labels({ attempts: [failed] })).toEqual([]);
  expect(labels({ attempts: [failed, accepted] })).toEqual(['attempt 2']);
  const end = { outcome: 'connected', outcome_timestamp: T + 900, attempts: [failed, accepted] } as const;
  expect(labels(end)).toEqual(['connected']);
});

test('what was not seen before is told by its end, or from where it is', () => {
  const lines = createTailLines(200, PLAIN);
  const over = { attempts: [attempt(1, 'failed')], outcome_timestamp: T + 900 };
  expect(lines(inbound({ ...over, outcome: 'declined' }))).toEqual([
    expect.stringMatching(/^22:13:20\.900 {2}ended {6}\+1 → \+2 after 900 ms\. Refused.* inb_1$/),
  ]);
  expect(lines(inbound({ inbound_id: 'inb_2', attempts: [attempt(1, 'failed')] }))).toHaveLength(2);
});
