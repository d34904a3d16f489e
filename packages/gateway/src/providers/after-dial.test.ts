import { expect, test } from 'vitest';
import { type AfterDial, type DialEnd, judgeDial } from './after-dial.ts';

const BUSY: AfterDial = { kind: 'reject', reason: 'busy' };
const TURNED_AWAY: AfterDial = { kind: 'reject', reason: 'rejected' };
const OVER: AfterDial = { kind: 'over' };
const ON: AfterDial = { kind: 'forward', number: '+12125550199' };

/** How the `<Dial>` ended, and what becomes of the caller: without a fallback number, and with one. */
const CASES: readonly (readonly [string, DialEnd, AfterDial, AfterDial])[] = [
  ['answered and over', { status: 'completed', sipCode: 200 }, OVER, OVER],
  ['answered by an older name', { status: 'answered' }, OVER, OVER],
  ['the caller hung up', { status: 'canceled', sipCode: 487 }, OVER, OVER],
  ['declined', { status: 'busy', sipCode: 603, outcome: 'declined' }, TURNED_AWAY, TURNED_AWAY],
  ['declined with a code of its own', { status: 'busy', sipCode: 486, outcome: 'declined' }, BUSY, BUSY],
  [
    'declined as if nobody were there',
    { status: 'failed', sipCode: 480, outcome: 'declined' },
    TURNED_AWAY,
    TURNED_AWAY,
  ],
  ['no number of ours', { status: 'failed', sipCode: 404, outcome: 'unknown_number' }, TURNED_AWAY, TURNED_AWAY],
  ['the house is full', { status: 'busy', sipCode: 486, outcome: 'concurrency_limit' }, BUSY, ON],
  ['the agent could not start', { status: 'failed', sipCode: 500, outcome: 'agent_failed' }, TURNED_AWAY, ON],
  ['stopping', { status: 'failed', sipCode: 503, outcome: 'overloaded' }, TURNED_AWAY, ON],
  ['603 without its outcome', { status: 'busy', sipCode: 603 }, TURNED_AWAY, TURNED_AWAY],
  ['486 without its outcome', { status: 'busy', sipCode: 486 }, BUSY, BUSY],
  ['600', { status: 'busy', sipCode: 600 }, BUSY, BUSY],
  ['503 without its outcome', { status: 'failed', sipCode: 503 }, TURNED_AWAY, ON],
  ['credentials that do not fit', { status: 'failed', sipCode: 401 }, TURNED_AWAY, ON],
  ['nobody answered in time', { status: 'no-answer', sipCode: 487 }, TURNED_AWAY, ON],
  ['this gateway was not reached', { status: 'failed' }, TURNED_AWAY, ON],
  ['busy, and no code', { status: 'busy' }, BUSY, BUSY],
];

test.each(CASES)('G %s', (_name, end, without, withFallback) => {
  expect(judgeDial(end, {})).toEqual(without);
  expect(judgeDial(end, { fallback_number: null })).toEqual(without);
  expect(judgeDial(end, { fallback_number: '+12125550199' })).toEqual(withFallback);
});
