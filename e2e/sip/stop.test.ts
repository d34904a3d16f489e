/** SIGTERM while calls come, ring and talk over SIP (rule H5; reliability case 84). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPhone, type Phone, type PhoneCall } from '@pickup/testkit/phone';
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { speechSpans } from '@pickup/testkit/wav';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answers, type GatewayProcess, startGateway } from '../support/gateway.ts';
import { holdAnswer } from '../support/held-answer.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { openRawCall } from './support/raw-call.ts';
import { calls, outcomesOf, tally } from './support/records.ts';

const RINGING = 100;
const TALKING = 20;
const DRAIN_S = 2;

let home = '';
let stage: Stage;
let phone: Phone;
let reopened: GatewayProcess | undefined;
let held = holdAnswer();

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  held = holdAnswer();
  const env = { PICKUP_DRAIN_SECONDS: String(DRAIN_S) };
  [stage, phone] = await Promise.all([openStage({ gateway: { home, env } }), createPhone()]);
}, 90_000);
afterEach(async () => {
  held.release();
  await phone?.close();
  await reopened?.kill9();
  reopened = undefined;
  await stage?.close();
  rmSync(home, { recursive: true, force: true });
});

const dial = (to: string) => phone.call({ to, from: '+12137771234', server: stage.gateway.sip });

/** The records, read by the next process on the folder. */
async function reopen(): Promise<GatewayProcess> {
  reopened = await startGateway({ home });
  expect(reopened.logged('recovered')).toEqual([]);
  return reopened;
}

describe.skipIf(!toolPresent('sipp'))('case 84 SIGTERM under SIPp', { timeout: 60_000 }, () => {
  test(`H5 ${RINGING} ring to their outcome, new ones hear 503, ${TALKING} who talk get BYE after the drain time, exit 0`, async () => {
    const remote = `${stage.gateway.sip.host}:${stage.gateway.sip.port}`;
    const talk = await stage.number();
    const talking = runSipp({
      scenario: { kind: 'ended-by-server' },
      remote,
      to: talk.number,
      calls: TALKING,
      rate: 100,
    });
    expect(await outcomesOf(stage.gateway, TALKING, talk.number)).toEqual({ connected: TALKING });
    const ring = await stage.number({ script: { nth: held.answer } });
    const scenario = { kind: 'answered', holdMs: 100 } as const;
    const ringing = runSipp({ scenario, remote, to: ring.number, calls: RINGING, rate: 200 });
    await ring.requested(RINGING);

    stage.gateway.signal('SIGTERM');
    await answers(stage.gateway, '/ready', 503);
    const late = await (await dial(talk.number)).final;
    expect([late.code, late.headers['reason']]).toEqual([503, 'Q.850;cause=41']);
    held.release();
    const rang = await ringing;
    expect(rang, rang.errors).toMatchObject({ exitCode: 0, successful: RINGING, failed: 0 });
    const idleAt = performance.now();
    const talked = await talking;
    expect(talked, talked.errors).toMatchObject({ exitCode: 0, successful: TALKING, failed: 0 });
    expect(await stage.gateway.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - idleAt).toBeLessThan(DRAIN_S * 1_000 + 5_000);

    const gateway = await reopen();
    expect(await outcomesOf(gateway, RINGING, ring.number)).toEqual({ connected: RINGING });
    expect(await outcomesOf(gateway, TALKING + 1, talk.number)).toEqual({ connected: TALKING, overloaded: 1 });
    expect(tally((await calls(gateway)).map((one) => `${one.call_status} ${one.disconnection_reason}`))).toEqual({
      'ended user_hangup': RINGING,
      'ended manual_stopped': TALKING,
    });
  });
});

test('H5 a BYE that was lost is sent again before the process ends', async () => {
  const { number } = await stage.number();
  const uri = `sip:${number}@127.0.0.1`;
  const call = await openRawCall({ server: stage.gateway.sip, uri, from: '<sip:+12137771234@127.0.0.1>' });
  expect(await call.final()).toMatch(/^SIP\/2\.0 200 /);
  call.acknowledge();
  stage.gateway.signal('SIGTERM');
  const bye = await call.received(/^BYE /);
  await until('it comes again', () => call.count(/^BYE /) > 1);
  call.agree(bye);
  expect(await stage.gateway.exited).toEqual({ code: 0, signal: null });
  call.close();
});

test('H5 callers who come until the very end hear 503 or nothing; it ends clean, with code 0', async () => {
  const { number } = await stage.number();
  const talking = await dial(number);
  expect((await talking.final).code).toBe(200);
  stage.gateway.signal('SIGTERM');
  await answers(stage.gateway, '/ready', 503);
  let ended = false;
  void stage.gateway.exited.then(() => {
    ended = true;
  });
  const late: PhoneCall[] = [];
  while (!ended) {
    late.push(await dial(number));
    await sleep(10);
  }
  expect(await stage.gateway.exited).toEqual({ code: 0, signal: null });
  expect(await talking.ended).toEqual({ by: 'them' });
  const heard = late.map(({ states }) => states.find((state) => state.kind === 'refused')?.code);
  expect(heard.filter((code) => code === 503).length).toBeGreaterThan(20);
  expect(heard.filter((code) => code !== 503 && code !== undefined)).toEqual([]);
  expect(stage.gateway.logged('bug')).toEqual([]);
  expect(stage.gateway.stderr()).not.toMatch(/write_failed|Unhandled/);
  const gateway = await reopen();
  expect(Object.keys(await outcomesOf(gateway, 21, number)).sort()).toEqual(['connected', 'overloaded']);
});

/** Processes the gateway started. */
function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

test('H5 a SIGTERM to the whole process group leaves the voice to who still rings', async () => {
  const { number, requested } = await stage.number({ script: { nth: held.answer } });
  const call = await dial(number);
  await requested(1);
  const voices = childrenOf(stage.gateway.pid);
  expect(voices.length).toBeGreaterThan(0);
  for (const pid of voices) process.kill(pid, 'SIGTERM');
  stage.gateway.signal('SIGTERM');
  await answers(stage.gateway, '/ready', 503);
  held.release();
  expect((await call.final).code).toBe(200);
  await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
  expect(childrenOf(stage.gateway.pid)).toEqual(voices);
  await call.hangUp();
  expect(await stage.gateway.exited).toEqual({ code: 0, signal: null });
  expect(voices.filter(isAlive)).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
