/** The gateway of the SIP benches, a process of its own: real SIP and HTTP ports, a data folder that goes with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundObject } from '@pickup/contract';
import { createLog, SAMPLE_NUMBER, serve } from '@pickup/gateway';
import { loadConfig } from '@pickup/gateway/config';
import { openSqliteStore } from '@pickup/gateway/stores';
import { answerQuestions } from './answer-questions.ts';
import { type Memory, settledMemory, type Usage, usage } from './usage.ts';

/** What it says once it takes calls. */
export interface SipGatewayReady {
  readonly sip: string;
  readonly httpUrl: string;
  readonly apiKey: string;
}

/** How many inbounds had which outcome, and how many times the log spoke of a fault of ours. */
export interface OutcomeTally {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: number;
}

/** An attempt as recorded. */
export interface RecordedAttempt {
  readonly inboundId: string;
  readonly attempt: number;
  readonly endAt: number;
  readonly error: string | undefined;
}

const API_KEY = 'key_of_the_bench_key_of_the_bench';
const given = process.env['BENCH_HOME'];
const home = given ?? mkdtempSync(join(tmpdir(), 'pickup-bench-'));
if (given === undefined) process.on('exit', () => rmSync(home, { recursive: true, force: true }));
/** BENCH_COMMIT_DELAY_MS: a disk whose fsync takes that much longer. */
const commitDelayMs = Number(process.env['BENCH_COMMIT_DELAY_MS'] ?? 0);
const loaded = loadConfig({
  PICKUP_HOME: home,
  PICKUP_HTTP_PORT: '0',
  PICKUP_SIP_PORT: process.env['BENCH_SIP_PORT'] ?? '0',
  PICKUP_RTP_PORTS: '20000-31999',
  PICKUP_API_KEY: API_KEY,
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));

/** Lines are made as in production, and counted where they tell of a fault of ours. */
let faults = 0;
const write = (line: string) => {
  if (!line.includes('"level":"error"')) return;
  faults += 1;
  if (faults <= 20) process.stderr.write(line);
};
const gateway = await serve({
  config: loaded.config,
  stdout: { write() {} },
  log: createLog({ write, level: 'info', clock: { wallMs: Date.now } }),
  samples: { webhookUrl: `${process.env['BENCH_ENDPOINT']}/` },
  openStore: (options) => openSqliteStore({ ...options, commitDelayMs }),
});

/** A number like the sample number, with a URL of its own. */
async function addNumber({ number, url }: { number: string; url: string }): Promise<object> {
  const sample = await gateway.store.getNumber(SAMPLE_NUMBER);
  if (!sample) throw new Error('no sample number');
  const settings = { ...sample.settings, phone_number: number, inbound_webhook_url: url };
  await gateway.store.putNumber({ settings }, 'create');
  return {};
}

const ONE_PAGE = 1_000;
/** The newest inbound that was looked at before. */
let lookedAt: string | undefined;

/** Every inbound since the last time, newest first. */
async function newInbounds(): Promise<readonly InboundObject[]> {
  const found: InboundObject[] = [];
  let next: string | undefined;
  for (;;) {
    const page = await gateway.store.listInbounds({
      limit: ONE_PAGE,
      ...(next !== undefined && { pagination_key: next }),
    });
    const known = page.items.findIndex(({ inbound_id }) => inbound_id === lookedAt);
    found.push(...(known < 0 ? page.items : page.items.slice(0, known)));
    next = page.pagination_key;
    if (known >= 0 || next === undefined) break;
  }
  lookedAt = found[0]?.inbound_id ?? lookedAt;
  return found;
}

async function tally(): Promise<OutcomeTally> {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of await newInbounds()) outcomes[String(outcome)] = (outcomes[String(outcome)] ?? 0) + 1;
  const since = faults;
  faults = 0;
  return { outcomes, faults: since };
}

async function attempts(): Promise<{ readonly attempts: readonly RecordedAttempt[] } & OutcomeTally> {
  const inbounds = await newInbounds();
  const outcomes: Record<string, number> = {};
  for (const { outcome } of inbounds) outcomes[String(outcome)] = (outcomes[String(outcome)] ?? 0) + 1;
  const attempts = inbounds.flatMap(({ inbound_id: inboundId, attempts }) =>
    attempts.map(({ attempt, end_timestamp: endAt, error }) => ({ inboundId, attempt, endAt, error })),
  );
  return { attempts, outcomes, faults };
}

/** Rows for lists to read: simulated calls, a few at once. */
async function fill({ calls }: { calls: number }): Promise<object> {
  const AT_ONCE = 50;
  for (let done = 0; done < calls; done += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, calls - done) }, async () => {
      const { recorded } = await gateway.simulator.call({ from_number: '+12137771234', to_number: SAMPLE_NUMBER });
      await recorded;
    });
    await Promise.all(some);
  }
  await newInbounds();
  return {};
}

const ready: SipGatewayReady = { sip: gateway.sip, httpUrl: gateway.httpUrl, apiKey: API_KEY };
answerQuestions<object>(ready, {
  usage: (): Usage => usage(),
  memory: async (): Promise<Memory & { readonly ringing: number; readonly active: number }> => ({
    ...(await settledMemory()),
    ringing: gateway.runner.ringing,
    active: gateway.sessions.active,
  }),
  number: addNumber,
  tally,
  open: async () => ({ open: (await gateway.store.lapsedInbounds(gateway.nodeId, Date.now())).length }),
  ongoing: async () => ({ ongoing: (await gateway.store.ongoingCalls(gateway.nodeId)).length }),
  attempts,
  fill,
});
