/** The figures of a call's audio on its call object (H4), however the call ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from '../support/gateway.ts';
import { openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { endedCall } from './support/ended-call.ts';
import { digitsAgent } from './support/flow-agents.ts';

const home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
let stage: Stage;
let phone: Phone;
let reopened: GatewayProcess | undefined;
let digits = '';

beforeAll(async () => {
  const env = { PICKUP_DRAIN_SECONDS: '1' };
  [stage, phone] = await Promise.all([openStage({ gateway: { home, env } }), createPhone()]);
  digits = await digitsAgent(stage.gateway);
}, 90_000);
afterAll(async () => {
  await phone?.close();
  await reopened?.kill9();
  await stage?.close();
  rmSync(home, { recursive: true, force: true });
});

/** A call in which a second of audio went both ways. */
async function talkedOn(to: StagedNumber) {
  const call = await phone.call({ to: to.number, from: '+12137771234', server: stage.gateway.sip });
  await call.waitFor('answered');
  await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
  await sleep(1_000);
  return call;
}

const FIGURES = {
  codec: 'PCMU',
  srtp: null,
  packets_lost: 0,
  loss_percent: 0,
  packets_rejected: 0,
  round_trip_ms: null,
  caller: null,
};

test('H4 the caller hangs up: figures that agree with what the phone sent and heard', async () => {
  const call = await talkedOn(await stage.number());
  await call.hangUp();
  const [found] = await stage.gateway.client.call.list({ limit: 1 }).then(({ items }) => items ?? []);
  const retrieve = () => stage.gateway.client.call.retrieve(found!.call_id);
  const ended = await until('the end', async () => {
    const one = await retrieve();
    return one.call_status === 'ended' && one;
  });
  const { media_stats: media } = ended as unknown as { media_stats: Record<string, number> };
  expect(media).toMatchObject(FIGURES);
  expect(media['packets_sent']).toBeGreaterThan(30);
  expect(media['packets_received']).toBeGreaterThan(30);
  expect(media['mos']).toBeGreaterThan(4);
  expect(media['jitter_ms']).toBeLessThan(100);
  expect(stage.gateway.logged('call_media')).toEqual([expect.objectContaining({ call_id: found!.call_id, ...media })]);
});

test('H4 the agent hangs up: the figures are there too', async () => {
  const to = await stage.number({ script: { body: JSON.stringify({ call_inbound: { override_agent_id: digits } }) } });
  const call = await talkedOn(to);
  await call.sendDigits('47#');
  const ended = await endedCall(stage.gateway, to.number);
  expect(ended.call).toMatchObject({ disconnection_reason: 'agent_hangup', media_stats: FIGURES });
});

test('H5 SIGTERM ends the call: the figures are in the store', async () => {
  const to = await stage.number();
  await talkedOn(to);
  stage.gateway.signal('SIGTERM');
  expect(await stage.gateway.exited).toMatchObject({ code: 0 });
  reopened = await startGateway({ home });
  const { call } = await endedCall(reopened, to.number);
  expect(call).toMatchObject({ disconnection_reason: 'manual_stopped', media_stats: FIGURES });
  expect(call.media_stats.packets_sent).toBeGreaterThan(60);
});
