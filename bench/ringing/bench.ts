/**
 * Calls that ring for long: 2,000 at 200/s, half at an endpoint that answers after 5 s, half at one that hangs. What
 * each costs in memory while it rings, and how late the attempts end that have to be ended. Once as the disk is, once
 * with every commit held up by 10 ms, as by an fsync that takes so much longer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runSipp } from '@pickup/testkit/sipp';
import { BenchChild } from '../parts/child.ts';
import type { OutcomeTally, RecordedAttempt } from '../parts/sip-gateway.ts';
import type { Memory } from '../parts/usage.ts';
import { type BenchReport, quantile } from '../report.ts';

const CALLS = 2_000;
const PER_SECOND = 200;
const SLOW_DISK_MS = 10;
/** Until the collector has taken the room that it keeps for young objects, which is none of the ringing calls'. */
const WARM_SECONDS = 15;
/** Early enough for the collection to be over when the first attempts end, after 10 s. */
const LOOK_AFTER_MS = 8_500;
const SETTLE_MS = 2_000;
const NUMBERS = { slow: '+12137770001', hang: '+12137770002', warm: '+12137771235' } as const;
const SCENARIO = fileURLToPath(new URL('../sip/call.xml', import.meta.url));

interface Ringing extends Memory {
  readonly ringing: number;
}

interface Figures {
  readonly ringing: number;
  readonly heapKibPerCall: number;
  readonly rssKibPerCall: number;
  readonly lateMs: readonly number[];
  readonly connected: number;
  readonly failed: number;
  readonly faults: number;
}

/** The length is given by the calls: about a minute for each disk. */
export async function run(): Promise<BenchReport> {
  const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
  const { port } = await endpoint.next<{ port: number }>();
  try {
    const quick = await measure(endpoint, `http://127.0.0.1:${port}`, 0);
    const slow = await measure(endpoint, `http://127.0.0.1:${port}`, SLOW_DISK_MS);
    return report(quick, slow);
  } finally {
    await endpoint.stop();
  }
}

async function measure(endpoint: BenchChild, url: string, commitDelayMs: number): Promise<Figures> {
  const gateway = new BenchChild(
    new URL('../parts/sip-gateway.ts', import.meta.url),
    { BENCH_ENDPOINT: url, BENCH_COMMIT_DELAY_MS: String(commitDelayMs) },
    { nodeArgs: ['--expose-gc'] },
  );
  try {
    const { sip } = await gateway.next<{ sip: string }>();
    await gateway.ask({ ask: 'number', number: NUMBERS.slow, url: `${url}/slow` });
    await gateway.ask({ ask: 'number', number: NUMBERS.hang, url: `${url}/hang` });
    process.stdout.write(`commits ${commitDelayMs} ms longer: warming up…\n`);
    await place(sip, NUMBERS.warm, WARM_SECONDS * PER_SECOND, PER_SECOND);
    await sleep(SETTLE_MS);
    await gateway.ask({ ask: 'tally' });
    await endpoint.ask({ ask: 'deadlines' });
    const before = await gateway.ask<Ringing>({ ask: 'memory' });
    process.stdout.write(`${CALLS} calls at ${PER_SECOND}/s…\n`);
    const placed = Promise.all([NUMBERS.slow, NUMBERS.hang].map((to) => place(sip, to, CALLS / 2, PER_SECOND / 2)));
    await sleep(LOOK_AFTER_MS);
    const during = await gateway.ask<Ringing>({ ask: 'memory' });
    const failed = (await placed).reduce((sum, one) => sum + CALLS / 2 - one.successful, 0);
    await sleep(SETTLE_MS);
    const { attempts, outcomes, faults } = await gateway.ask<
      { readonly attempts: readonly RecordedAttempt[] } & OutcomeTally
    >({ ask: 'attempts' });
    const { deadlines } = await endpoint.ask<{ deadlines: Readonly<Record<string, number>> }>({ ask: 'deadlines' });
    return {
      ringing: during.ringing,
      heapKibPerCall: (during.heapBytes - before.heapBytes) / 1_024 / during.ringing,
      rssKibPerCall: (during.rssBytes - before.rssBytes) / 1_024 / during.ringing,
      lateMs: latenesses(attempts, deadlines),
      connected: (outcomes['connected'] ?? 0) / CALLS,
      failed,
      faults,
    };
  } finally {
    await gateway.stop();
  }
}

/** How long after the deadline that its request named an attempt ended, by its record; for those that hung. */
function latenesses(attempts: readonly RecordedAttempt[], deadlines: Readonly<Record<string, number>>): number[] {
  return attempts
    .filter(({ error }) => error === 'timeout')
    .map(({ inboundId, attempt, endAt }) => endAt - (deadlines[`${inboundId}/${attempt}`] ?? Number.NaN));
}

const place = (sip: string, to: string, calls: number, rate: number) =>
  runSipp({ scenario: SCENARIO, remote: sip, to, calls, rate, limit: CALLS, timeoutMs: 120_000 });

function report(quick: Figures, slow: Figures): BenchReport {
  const figures = (name: string, of: Figures) => ({
    [`${name}_ringing_at_once`]: of.ringing,
    [`${name}_heap_kib_per_call`]: of.heapKibPerCall,
    [`${name}_rss_kib_per_call`]: of.rssKibPerCall,
    [`${name}_attempts_timed_out`]: of.lateMs.length,
    [`${name}_deadline_late_ms_p50`]: quantile(of.lateMs, 0.5),
    [`${name}_deadline_late_ms_p99_9`]: quantile(of.lateMs, 0.999),
    [`${name}_connected_and_durable`]: of.connected,
    [`${name}_failed`]: of.failed,
    [`${name}_faults_logged`]: of.faults,
  });
  return {
    bench: 'ringing',
    ratios: { late_p99_9_slow_disk: quantile(slow.lateMs, 0.999) / Math.max(1, quantile(quick.lateMs, 0.999)) },
    baseline: figures('disk', quick),
    measured: figures('slow_disk', slow),
    notes: [
      'asked for: at most 60 KiB for each ringing call, deadlines late by at most 50 ms at p99.9; both with either disk',
      `slow_disk: each commit stands still for ${SLOW_DISK_MS} ms more in the writer thread, as it would in a slow fsync`,
      'heap: JavaScript heap and buffers of the main thread after a full collection; rss: the whole process',
    ],
  };
}
