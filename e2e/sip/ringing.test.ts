/** What a caller on a real phone hears and the record shows while the endpoint takes its time (rules F1, F3, C6). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBaresip } from '@pickup/testkit/baresip';
import type { EndpointAnswer } from '@pickup/testkit/endpoint';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { toolPresent } from '@pickup/testkit/tool';
import { loudness, readWav, speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { onlyOutcome } from './support/records.ts';

const WAIT_MS = 2_000;

let stage: Stage;
let phone: Phone;
let folder = '';

beforeAll(async () => {
  [stage, phone, folder] = await Promise.all([openStage(), createPhone(), mkdtemp(join(tmpdir(), 'ringing-'))]);
}, 90_000);
afterAll(async () => {
  await phone?.close();
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});

const named = (name: string, delayMs: number): EndpointAnswer => ({
  delayMs,
  body: JSON.stringify({ call_inbound: { dynamic_variables: { customer_name: name } } }),
});
const uriOf = (number: string) => `sip:${number}@${stage.gateway.sip.host}:${stage.gateway.sip.port}`;

/** A hanging endpoint, and when its caller let go. */
function hanging() {
  let closed = () => {};
  const connectionClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const script: EndpointAnswer = (socket) => void socket.once('close', closed);
  return { script, connectionClosed };
}

test('F1 100 at once, 180, 180 again after 1 s, 200 not before the decision', async () => {
  const { number } = await stage.number({ script: named('Ada', WAIT_MS) });
  const call = await phone.call({ to: number, from: '+12137771234', server: stage.gateway.sip });
  expect((await call.final).code).toBe(200);
  const [trying, ringing, again, ...more] = call.provisionals;
  expect([trying?.code, ringing?.code, again?.code, more.length]).toEqual([100, 180, 180, 0]);
  expect(trying?.atMs).toBeLessThan(200);
  expect(again!.atMs - ringing!.atMs).toBeGreaterThan(900);
  const answered = await call.waitFor('answered');
  expect(answered.atMs).toBeGreaterThan(WAIT_MS);
  await call.hangUp();
  const record = await onlyOutcome(stage.gateway, number);
  const sent = record.sip!.messages.filter(({ direction }) => direction === 'out');
  const at = (summary: string) =>
    sent.filter((line) => line.summary.startsWith(summary)).map((line) => line.timestamp - record.arrival_timestamp);
  expect(at('100')[0]).toBeLessThan(200);
  expect(at('180')).toHaveLength(2);
  expect(at('180')[1]).toBeGreaterThan(900);
  expect(at('200')).toHaveLength(1);
  expect(at('200')[0]).toBeGreaterThan(WAIT_MS);
  expect(record.outcome_timestamp! - record.arrival_timestamp).toBeGreaterThan(WAIT_MS);
});

test('C6, case 65 hanging up while it rings aborts the webhook: 487, caller_abandoned', async () => {
  const { script, connectionClosed } = hanging();
  const { number, requested } = await stage.number({ script });
  const call = await phone.call({ to: number, from: '+12137771234', server: stage.gateway.sip });
  await call.waitFor('ringing');
  await requested(1);
  await call.hangUp();
  expect((await call.final).code).toBe(487);
  await connectionClosed;
  const record = await onlyOutcome(stage.gateway, number);
  expect(record.outcome).toBe('caller_abandoned');
  expect(record.attempts.map(({ verdict }) => verdict)).toEqual(['aborted']);
});

test('case 68 a carrier that gives up and sends nothing finds a clean state: its next call is answered', async () => {
  const lost = await createPhone();
  const { number, requested } = await stage.number({
    script: { nth: (nth) => (nth === 1 ? 'hang' : { body: '{}' }) },
    settings: { ring_budget_ms: 2_500 },
    agent: false,
  });
  const gone = await lost.call({ to: number, from: '+12137771234', server: stage.gateway.sip });
  await gone.waitFor('ringing');
  await requested(1);
  await lost.close();
  // The final answer goes to nobody; the inbound ends all the same, by its budget.
  const record = await onlyOutcome(stage.gateway, number);
  expect(record.outcome).toBe('webhook_failed');
  const next = await phone.call({ to: number, from: '+12137771234', server: stage.gateway.sip });
  expect((await next.final).code).toBe(603);
});

describe.skipIf(!toolPresent('baresip'))('baresip', { timeout: 40_000 }, () => {
  /** What a caller on baresip hears, once the call stood for 6 s. */
  async function hear(name: string) {
    const { number } = await stage.number({ script: named(name, WAIT_MS) });
    const began = performance.now();
    const run = await runBaresip({
      dial: uriOf(number),
      forMs: 20_000,
      record: join(folder, number.slice(1)),
      hangUpAfterMs: 6_000,
    });
    expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
    expect(performance.now() - began).toBeGreaterThan(WAIT_MS + 6_000);
    const record = await onlyOutcome(stage.gateway, number);
    expect(record.outcome).toBe('connected');
    const codes = record.sip!.messages.filter(({ direction }) => direction === 'out').map(({ summary }) => summary);
    expect(codes.slice(0, 4).map((summary) => summary.slice(0, 3))).toEqual(['100', '180', '180', '200']);
    const heard = await readWav(run.heard!);
    const spans = speechSpans(heard.samples, heard.rate);
    const spokenMs = spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    return { spokenMs, level: loudness(heard.samples) };
  }

  test('F1, F3 it rings as long as the endpoint waits; the greeting is heard and has the name of the reply', async () => {
    const [short, long] = await Promise.all([hear('Bo'), hear('Bartholomew Featherstonehaugh of Wolverhampton')]);
    for (const { spokenMs, level } of [short, long]) {
      expect(spokenMs).toBeGreaterThan(400);
      expect(spokenMs).toBeLessThan(6_000);
      expect(level).toBeGreaterThan(-45);
    }
    expect(long.spokenMs).toBeGreaterThan(short.spokenMs + 800);
  });

  test('C6 hanging up while it rings: the endpoint sees the connection closed, the record says caller_abandoned', async () => {
    const { script, connectionClosed } = hanging();
    const { number } = await stage.number({ script });
    const run = await runBaresip({ dial: uriOf(number), forMs: 2_500, record: join(folder, 'gone') });
    expect(run.established, run.output).toBe(false);
    await connectionClosed;
    const record = await onlyOutcome(stage.gateway, number);
    expect(record.outcome).toBe('caller_abandoned');
    expect(record.sip!.messages.map(({ summary }) => summary)).toContainEqual(expect.stringMatching(/^487 /));
  });
});
