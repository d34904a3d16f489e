/** Callers over TCP, placed by SIPp (RFC 3261 18): the same outcomes as over UDP, on the same port. */
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NumberOptions, openStage, type Stage } from '../support/stage.ts';
import { outcomesOf } from './support/records.ts';

const CALLS = 50;

describe.skipIf(!toolPresent('sipp'))('SIPp over TCP', { timeout: 60_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  }, 90_000);
  afterAll(() => stage?.close());

  const run = async (
    over: 't1' | 'tn',
    scenario: Parameters<typeof runSipp>[0]['scenario'],
    staged: NumberOptions = {},
  ) => {
    const { number } = await stage.number(staged);
    const done = await runSipp({
      scenario,
      remote: `${stage.gateway.sip.host}:${stage.gateway.sip.port}`,
      to: number,
      calls: CALLS,
      rate: 50,
      args: ['-t', over, '-max_socket', '1000'],
    });
    expect(done, done.errors).toMatchObject({ exitCode: 0, successful: CALLS, failed: 0 });
    return outcomesOf(stage.gateway, CALLS, number);
  };

  test.each(['t1', 'tn'] as const)('G %s: every call is connected, and ended by its caller', async (over) => {
    expect(await run(over, { kind: 'answered', holdMs: 300 })).toEqual({ connected: CALLS });
  });

  test('C6 CANCEL while the endpoint hangs: every call is 487 and caller_abandoned', async () => {
    const hanging = { script: () => {} };
    expect(await run('t1', { kind: 'cancelled', afterMs: 100 }, hanging)).toEqual({ caller_abandoned: CALLS });
  });
});
