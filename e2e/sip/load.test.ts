/** Many callers at once, placed by SIPp (rules G, C6; case 65): every one is recorded for what it was, nothing is left. */
import type { EndpointAnswer } from '@pickup/testkit/endpoint';
import { runSipp } from '@pickup/testkit/sipp';
import { toolPresent } from '@pickup/testkit/tool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { calls, outcomesOf, tally } from './support/records.ts';
import { boundPorts } from './support/udp-ports.ts';

const ANSWERED = 1_000;
const CANCELLED = 500;
/** No other UDP port of the gateway's is here. */
const RTP = { first: 16_000, last: 18_999 };

describe.skipIf(!toolPresent('sipp'))('SIPp', { timeout: 60_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ gateway: { env: { PICKUP_RTP_PORTS: `${RTP.first}-${RTP.last}` } } });
  }, 90_000);
  afterAll(() => stage?.close());

  const remote = () => `${stage.gateway.sip.host}:${stage.gateway.sip.port}`;
  const noPortsOpen = () =>
    until('every RTP port is closed', () => boundPorts(stage.gateway.pid, RTP.first, RTP.last).length === 0);

  test(`G ${ANSWERED} calls at 100/s: none fails, all connected, all ended by user_hangup`, async () => {
    const { number, requests } = await stage.number();
    const run = await runSipp({
      scenario: { kind: 'answered', holdMs: 300 },
      remote: remote(),
      to: number,
      calls: ANSWERED,
      rate: 100,
      timeoutMs: 45_000,
    });
    expect(run, run.errors).toMatchObject({ exitCode: 0, successful: ANSWERED, failed: 0 });
    expect(await outcomesOf(stage.gateway, ANSWERED, number)).toEqual({ connected: ANSWERED });
    expect(requests().length).toBe(ANSWERED);
    await until('every call has ended', async () =>
      (await calls(stage.gateway)).every((one) => one.call_status !== 'ongoing'),
    );
    const ended = await calls(stage.gateway);
    expect(tally(ended.map((one) => `${one.call_status} ${one.disconnection_reason}`))).toEqual({
      'ended user_hangup': ANSWERED,
    });
    await noPortsOpen();
  });

  test(`C6, case 65 ${CANCELLED} CANCELs while the endpoint hangs: all 487, all caller_abandoned, nothing left`, async () => {
    let waiting = 0;
    const hanging: EndpointAnswer = (socket) => {
      waiting += 1;
      socket.once('close', () => {
        waiting -= 1;
      });
    };
    const { number, requests } = await stage.number({ script: hanging });
    const before = (await calls(stage.gateway)).length;
    const run = await runSipp({
      scenario: { kind: 'cancelled', afterMs: 300 },
      remote: remote(),
      to: number,
      calls: CANCELLED,
      rate: 100,
      timeoutMs: 30_000,
    });
    expect(run, run.errors).toMatchObject({ exitCode: 0, successful: CANCELLED, failed: 0 });
    expect(await outcomesOf(stage.gateway, CANCELLED, number)).toEqual({ caller_abandoned: CANCELLED });
    expect((await calls(stage.gateway)).length).toBe(before);
    expect(requests().length).toBeLessThanOrEqual(CANCELLED);
    await until('no webhook is left waiting', () => waiting === 0);
    await noPortsOpen();
    expect(stage.gateway.logged('bug')).toEqual([]);
  });
});
