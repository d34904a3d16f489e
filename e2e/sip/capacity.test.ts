/** No slot, no RTP port: who comes then is turned away, who talks is not disturbed (rules A5, G; case 70). */
import { createPhone, type Phone, type PhoneCall } from '@pickup/testkit/phone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { calls, onlyOutcome, outcomesOf, tally } from './support/records.ts';
import { steadyPort } from './support/steady-port.ts';

let phone: Phone;
beforeAll(async () => {
  phone = await createPhone();
});
afterAll(() => phone?.close());

const dial = (stage: Stage, to: string) => phone.call({ to, from: '+12137771234', server: stage.gateway.sip });

/** Packets go on arriving at their pace. */
async function stillHears(call: PhoneCall): Promise<void> {
  const before = call.packetsReceived;
  await until('20 more packets', () => call.packetsReceived >= before + 20, 5_000);
}

describe('A5 one slot', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ gateway: { env: { PICKUP_CONCURRENCY: '1' } } });
  }, 90_000);
  afterAll(() => stage?.close());
  /** Leaves half a second to wait for a slot. */
  const settings = { ring_budget_ms: 11_000 };

  test('G concurrency_limit: 486, or 302 to the fallback where the trunk follows it; a slot that comes free is used', async () => {
    const first = await stage.number();
    const talking = await dial(stage, first.number);
    expect((await talking.final).code).toBe(200);

    const full = await stage.number({ settings });
    const refused = await (await dial(stage, full.number)).final;
    expect([refused.code, refused.headers['reason']]).toEqual([486, 'Q.850;cause=17']);
    expect((await onlyOutcome(stage.gateway, full.number)).outcome).toBe('concurrency_limit');
    expect(full.requests()).toEqual([]);

    const redirects = { ...settings, redirects: true, fallback_number: '+12137779999' };
    const elsewhere = await stage.number({ settings: redirects });
    const redirected = await (await dial(stage, elsewhere.number)).final;
    expect(redirected.code).toBe(302);
    expect(redirected.headers['contact']).toMatch(/^<sip:\+12137779999@/);
    expect((await onlyOutcome(stage.gateway, elsewhere.number)).outcome).toBe('concurrency_limit');

    await stillHears(talking);
    const waiting = await stage.number();
    const queued = await dial(stage, waiting.number);
    await queued.waitFor('ringing');
    expect(waiting.requests()).toEqual([]);
    await talking.hangUp();
    expect((await queued.final).code).toBe(200);
    await queued.hangUp();
    await until('both talks have ended', async () =>
      (await calls(stage.gateway)).every((one) => one.call_status !== 'ongoing'),
    );
    expect(tally((await calls(stage.gateway)).map((call) => call.disconnection_reason))).toEqual({
      user_hangup: 2,
      concurrency_limit_reached: 1,
      no_concurrency_fallback: 1,
    });
  });
});

describe('case 70 one RTP port', () => {
  let stage: Stage;
  beforeAll(async () => {
    const port = await steadyPort();
    stage = await openStage({ gateway: { env: { PICKUP_RTP_PORTS: `${port}-${port + 1}` } } });
  }, 90_000);
  afterAll(() => stage?.close());

  test('G, case 70 no RTP port is free: 503 and nobody is asked; the call in progress is unharmed; the port is used again', async () => {
    const first = await stage.number();
    const talking = await dial(stage, first.number);
    expect((await talking.final).code).toBe(200);
    const other = await stage.number();
    const finals = await Promise.all(Array.from({ length: 20 }, async () => (await dial(stage, other.number)).final));
    expect(tally(finals.map(({ code, headers }) => `${code} ${headers['reason']}`))).toEqual({
      '503 Q.850;cause=41': 20,
    });
    expect(await outcomesOf(stage.gateway, 20, other.number)).toEqual({ overloaded: 20 });
    expect(other.requests()).toEqual([]);
    await stillHears(talking);
    await talking.hangUp();
    const again = await until('the port is free again', async () => {
      const call = await dial(stage, first.number);
      return (await call.final).code === 200 && call;
    });
    await stillHears(again);
    await again.hangUp();
  });
});
