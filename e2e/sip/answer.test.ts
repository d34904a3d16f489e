/** Around the 200: hang-ups that cross it, and offers that come late (rules C6, F4). */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointAnswer } from '@pickup/testkit/endpoint';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { openRawCall, PCMU_SDP } from './support/raw-call.ts';
import { calls, inbounds, onlyOutcome, outcomesOf } from './support/records.ts';

const FROM = '<sip:+12137771234@127.0.0.1>';

let stage: Stage;
let phone: Phone;

beforeAll(async () => {
  [stage, phone] = await Promise.all([openStage(), createPhone()]);
}, 90_000);
afterAll(async () => {
  await phone?.close();
  await stage?.close();
});

const raw = (to: StagedNumber, sdp?: string) =>
  openRawCall({
    server: stage.gateway.sip,
    uri: `sip:${to.number}@127.0.0.1`,
    from: FROM,
    ...(sdp !== undefined && { sdp }),
  });

/** The call object once it has ended. */
async function endOf(to: StagedNumber) {
  const { call_id } = await onlyOutcome(stage.gateway, to.number);
  return until('the end of the call', async () => {
    const call = await stage.gateway.client.call.retrieve(call_id!);
    return call.call_status !== 'ongoing' && call;
  });
}

test('C6 a CANCEL that crosses the 200 gets 200 and changes nothing; BYE ends the call', async () => {
  const to = await stage.number();
  const call = await raw(to);
  expect(await call.final()).toMatch(/^SIP\/2\.0 200 /);
  call.cancel();
  await call.received(/^SIP\/2\.0 200 [\s\S]*^CSeq: 1 CANCEL/m);
  call.acknowledge();
  const { outcome, call_id } = await onlyOutcome(stage.gateway, to.number);
  expect(outcome).toBe('connected');
  expect(await stage.gateway.client.call.retrieve(call_id!)).toMatchObject({ call_status: 'ongoing' });
  call.bye();
  await call.received(/^SIP\/2\.0 200 [\s\S]*^CSeq: 2 BYE/m);
  expect(call.count(/^SIP\/2\.0 487/)).toBe(0);
  expect(await endOf(to)).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
  call.close();
});

test('C6 sixty hang-ups at the moment of the reply: each caller and its record agree', async () => {
  const COUNT = 60;
  // One reply after the other, and each caller leaves 0 to 44 ms after theirs: before, at and after the 200.
  const APART_MS = 10;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = async (nth: number): Promise<EndpointAnswer> => {
    await released;
    return { body: '{}', delayMs: nth * APART_MS };
  };
  const to = await stage.number({ script: { nth: held } });
  const before = (await calls(stage.gateway)).length;
  const dial = () => phone.call({ to: to.number, from: '+12137771234', server: stage.gateway.sip });
  const placed = await Promise.all(Array.from({ length: COUNT }, dial));
  await to.requested(COUNT);
  release();
  const leaving = placed.map(async (call, nth) => {
    await sleep(nth * APART_MS + (nth % 12) * 4);
    await call.hangUp();
  });
  await Promise.all(leaving);
  const codes = await Promise.all(placed.map(async (call) => (await call.final).code));
  const connected = codes.filter((code) => code === 200).length;
  const gone = codes.filter((code) => code === 487).length;
  expect(connected + gone).toBe(COUNT);
  expect(await outcomesOf(stage.gateway, COUNT, to.number)).toEqual({
    ...(connected > 0 && { connected }),
    ...(gone > 0 && { caller_abandoned: gone }),
  });
  const ended = await until('every call has ended', async () => {
    const all = await calls(stage.gateway);
    return all.every((call) => call.call_status !== 'ongoing') && all;
  });
  expect(ended.length - before).toBe(connected);
});

test('F4 a delayed offer: our offer in the 200, their answer in the ACK, the greeting is heard', async () => {
  const to = await stage.number();
  const call = await phone.call({ to: to.number, from: '+12137771234', server: stage.gateway.sip, offer: 'delayed' });
  const final = await call.final;
  expect([final.code, final.body.includes('m=audio ')]).toEqual([200, true]);
  await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
  await call.hangUp();
  expect(await endOf(to)).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
});

test('F4 no audio before the ACK: whoever forges an INVITE, and sees no 200, cannot aim it at others', async () => {
  const victim = createSocket('udp4').bind(0, '127.0.0.9');
  await once(victim, 'listening');
  let packets = 0;
  victim.on('message', () => {
    packets += 1;
  });
  const aimed = PCMU_SDP.replaceAll('IP4 127.0.0.1', 'IP4 127.0.0.9').replace(
    'audio 9',
    `audio ${victim.address().port}`,
  );
  const call = await raw(await stage.number(), aimed);
  expect(await call.final()).toMatch(/^SIP\/2\.0 200 /);
  // Ten packets' time.
  await sleep(200);
  expect(packets).toBe(0);
  call.acknowledge();
  await until('audio', () => packets > 0);
  call.bye();
  call.close();
  victim.close();
});

test.each([
  ['none at all', undefined],
  ['a codec that was not offered', PCMU_SDP.replace('AVP 0', 'AVP 18')],
  ['no description', 'nonsense'],
  ['the audio refused', PCMU_SDP.replace('audio 9', 'audio 0')],
])('F4 an unusable answer to a delayed offer, %s: BYE, call error, outcome connected', async (_what, answer) => {
  const to = await stage.number();
  const call = await raw(to, '');
  expect(await call.final()).toMatch(/^SIP\/2\.0 200 /);
  call.acknowledge(answer);
  const bye = await call.received(/^BYE /);
  call.agree(bye);
  expect(await endOf(to)).toMatchObject({ call_status: 'error', disconnection_reason: 'error_retell' });
  expect((await inbounds(stage.gateway, to.number)).map(({ outcome }) => outcome)).toEqual(['connected']);
  call.close();
});
