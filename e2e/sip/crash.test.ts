/** kill -9 under many calls: whoever rang hears one 500, whoever talked a BYE (rule H3; reliability case 81). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPhone } from '@pickup/testkit/phone';
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from '../support/gateway.ts';
import { holdAnswer } from '../support/held-answer.ts';
import { integrityOf } from '../support/inspect-store.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { calls, outcomesOf, tally } from './support/records.ts';
import { steadyPort } from './support/steady-port.ts';

const RINGING = 100;
const TALKING = 40;
const PHONES = 30;

const underSipp = test.skipIf(!toolPresent('sipp'));

describe('H3 kill -9', { timeout: 60_000 }, () => {
  let home = '';
  let stage: Stage;
  let restarted: GatewayProcess | undefined;
  let held = holdAnswer();

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
    held = holdAnswer();
    stage = await openStage({ gateway: { home, env: { PICKUP_SIP_PORT: String(await steadyPort()) } } });
  }, 90_000);
  afterEach(async () => {
    held.release();
    await restarted?.kill9();
    restarted = undefined;
    await stage?.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** On the same SIP port. */
  async function restart(): Promise<GatewayProcess> {
    await stage.gateway.kill9();
    restarted = await startGateway({ home, env: { PICKUP_SIP_PORT: String(stage.gateway.sip.port) } });
    return restarted;
  }
  const sipp = (options: Omit<Parameters<typeof runSipp>[0], 'remote' | 'timeoutMs'>) =>
    runSipp({ ...options, remote: `${stage.gateway.sip.host}:${stage.gateway.sip.port}`, timeoutMs: 30_000 });

  underSipp(
    `case 81 while ${RINGING} ring: each hears one 500 with its Reason, each inbound is interrupted`,
    async () => {
      const { number, requested } = await stage.number({ script: 'hang' });
      const run = sipp({ scenario: { kind: 'refused', code: 500 }, to: number, calls: RINGING, rate: 200 });
      await requested(RINGING);
      const gateway = await restart();
      const { exitCode, successful, failed, log, errors } = await run;
      expect({ exitCode, successful, failed }, errors).toEqual({ exitCode: 0, successful: RINGING, failed: 0 });
      expect(log.match(/;500;.*Q\.850;cause=41/g)).toHaveLength(RINGING);
      expect(await outcomesOf(gateway, RINGING, number)).toEqual({ interrupted: RINGING });
      expect(await calls(gateway)).toEqual([]);
      expect(integrityOf(home)).toBe('ok');
    },
  );

  underSipp(
    `case 81 while ${TALKING} talk: each hears BYE, the calls end error/error_retell, the inbounds stay connected`,
    async () => {
      const { number } = await stage.number();
      const run = sipp({ scenario: { kind: 'ended-by-server' }, to: number, calls: TALKING, rate: 100 });
      expect(await outcomesOf(stage.gateway, TALKING, number)).toEqual({ connected: TALKING });
      const gateway = await restart();
      const { exitCode, successful, failed, errors } = await run;
      expect({ exitCode, successful, failed }, errors).toEqual({ exitCode: 0, successful: TALKING, failed: 0 });
      expect(await outcomesOf(gateway, TALKING, number)).toEqual({ connected: TALKING });
      const ended = await calls(gateway);
      expect(tally(ended.map((call) => `${call.call_status} ${call.disconnection_reason}`))).toEqual({
        'error error_retell': TALKING,
      });
    },
  );

  test.each([0, 1, 8])(
    'case 81 between decision and 200, %i phones answered: the others hear 500, these BYE, no half call is left',
    async (answeredFirst) => {
      const { number, requested } = await stage.number({ script: { nth: held.answer } });
      const phone = await createPhone();
      try {
        const server = stage.gateway.sip;
        const dial = () => phone.call({ to: number, from: '+12137771234', server });
        const placed = await Promise.all(Array.from({ length: PHONES }, dial));
        const answered = () => placed.filter(({ states }) => states.some(({ kind }) => kind === 'answered')).length;
        await requested(PHONES);
        held.release();
        await until(`${answeredFirst} answers`, () => answered() >= answeredFirst);
        const gateway = await restart();
        for (const call of placed) {
          const { code } = await call.final;
          expect([200, 500]).toContain(code);
          expect(await call.ended).toEqual({ by: 'them' });
        }
        const { connected = 0, interrupted = 0 } = await outcomesOf(gateway, PHONES, number);
        expect(connected + interrupted).toBe(PHONES);
        const left = await calls(gateway);
        expect(left.length).toBe(connected);
        expect(left.filter(({ call_status }) => call_status !== 'error')).toEqual([]);
      } finally {
        await phone.close();
      }
    },
  );
});
