/**
 * 500 calls with audio both ways while REST lists of 1,000 rows are asked for: the gaps between a call's packets as
 * their receiver sees them, against a process that does nothing but send as many.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runSipp } from '@pickup/testkit/sipp';
import { BenchChild } from '../parts/child.ts';
import type { SipGatewayReady } from '../parts/sip-gateway.ts';
import { type Usage, used } from '../parts/usage.ts';
import { type BenchReport, quantile } from '../report.ts';

const CALLS = 500;
const CALLS_PER_SECOND = 100;
const ROWS = 5_000;
const ROWS_OF_A_LIST = 1_000;
/** Open loop, as all load here: a client that asks as fast as it can measures the scheduler of a full machine. */
const LISTS_PER_SECOND = 20;
const PACKETS_PER_SECOND = 50;
/** From the last call's start until its first sentence plays and every thread is warm. */
const SETTLE_MS = 3_000;
const NUMBER = '+12137771235';
const SCENARIO = fileURLToPath(new URL('./call.xml', import.meta.url));

interface Gaps {
  readonly callers: number;
  readonly received: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

interface Run extends Gaps {
  readonly coreShare: number;
  readonly peerCoreShare: number;
  readonly receivedShare: number;
}

export async function run(seconds: number): Promise<BenchReport> {
  const forSeconds = Math.max(10, seconds);
  const peer = new BenchChild(new URL('../parts/rtp-peer.ts', import.meta.url));
  try {
    const { port } = await peer.next<{ port: number }>();
    process.stdout.write(`a bare pacer of ${CALLS} streams…\n`);
    const bare = await measureBare(peer, port, forSeconds);
    const whole = await measureGateway(peer, port, forSeconds);
    return report(bare, whole);
  } finally {
    await peer.stop();
  }
}

async function measureBare(peer: BenchChild, port: number, seconds: number): Promise<Run> {
  await peer.ask({ ask: 'expect', both: false });
  const pacer = new BenchChild(new URL('../parts/bare-pacer.ts', import.meta.url), {
    BENCH_RTP_PEER: String(port),
    BENCH_CALLS: String(CALLS),
  });
  try {
    await pacer.next();
    await sleep(SETTLE_MS);
    return await listen(peer, pacer, seconds);
  } finally {
    await pacer.stop();
  }
}

async function measureGateway(peer: BenchChild, port: number, seconds: number) {
  const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
  const { port: webhookPort } = await endpoint.next<{ port: number }>();
  const gateway = new BenchChild(new URL('../parts/sip-gateway.ts', import.meta.url), {
    BENCH_ENDPOINT: `http://127.0.0.1:${webhookPort}`,
  });
  try {
    const ready = await gateway.next<SipGatewayReady>();
    process.stdout.write(`storing ${ROWS} calls for the lists…\n`);
    await gateway.ask({ ask: 'fill', calls: ROWS });
    await peer.ask({ ask: 'expect', both: true });
    process.stdout.write(`${CALLS} calls…\n`);
    const rampMs = (CALLS / CALLS_PER_SECOND) * 1_000 + SETTLE_MS;
    const holdMs = rampMs + seconds * 1_000 + SETTLE_MS;
    const placed = runSipp({
      scenario: SCENARIO,
      remote: ready.sip,
      to: NUMBER,
      calls: CALLS,
      rate: CALLS_PER_SECOND,
      limit: CALLS,
      timeoutMs: holdMs + 60_000,
      rows: [[String(port)]],
      args: ['-d', String(holdMs)],
    });
    await sleep(rampMs);
    const lists = startLists(ready);
    const heard = await listen(peer, gateway, seconds);
    const listMs = await lists.stop();
    const { successful } = await placed;
    return { ...heard, listMs, failed: CALLS - successful };
  } finally {
    await Promise.all([gateway.stop(), endpoint.stop()]);
  }
}

async function listen(peer: BenchChild, sender: BenchChild, seconds: number): Promise<Run> {
  const [before, peerBefore] = [await sender.ask<Usage>({ ask: 'usage' }), await peer.ask<Usage>({ ask: 'usage' })];
  await peer.ask({ ask: 'count' });
  await sleep(seconds * 1_000);
  const gaps = await peer.ask<Gaps>({ ask: 'gaps' });
  const [after, peerAfter] = [await sender.ask<Usage>({ ask: 'usage' }), await peer.ask<Usage>({ ask: 'usage' })];
  return {
    ...gaps,
    coreShare: used(before, after).cpuMs / (seconds * 1_000),
    peerCoreShare: used(peerBefore, peerAfter).cpuMs / (seconds * 1_000),
    receivedShare: gaps.received / (CALLS * PACKETS_PER_SECOND * seconds),
  };
}

/** One client that asks for the next page as soon as it has the last one. */
function startLists({ httpUrl, apiKey }: SipGatewayReady): { stop(): Promise<readonly number[]> } {
  const tookMs: number[] = [];
  let running = true;
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ limit: ROWS_OF_A_LIST });
  const askOne = async (dueMs: number) => {
    const reply = await fetch(`${httpUrl}/v3/list-calls`, { method: 'POST', headers, body });
    await reply.arrayBuffer();
    if (reply.status !== 200) throw new Error(`a list answered ${reply.status}`);
    tookMs.push(performance.now() - dueMs);
  };
  const ended = (async () => {
    const asked: Promise<void>[] = [];
    const startMs = performance.now();
    while (running) {
      const dueMs = startMs + (asked.length * 1_000) / LISTS_PER_SECOND;
      await sleep(Math.max(0, dueMs - performance.now()));
      asked.push(askOne(dueMs));
    }
    await Promise.all(asked);
  })();
  return {
    async stop() {
      running = false;
      await ended;
      return tookMs;
    },
  };
}

function report(bare: Run, whole: Run & { readonly listMs: readonly number[]; readonly failed: number }): BenchReport {
  const figures = (of: Run) => ({
    streams: of.callers,
    gap_ms_p50: of.p50,
    gap_ms_p99: of.p99,
    gap_ms_p99_9: of.p999,
    gap_ms_max: of.max,
    received_share: of.receivedShare,
    cores_used: of.coreShare,
    cores_used_by_receiver: of.peerCoreShare,
  });
  return {
    bench: 'media',
    ratios: { gap_p99: whole.p99 / bare.p99 },
    baseline: figures(bare),
    measured: {
      ...figures(whole),
      failed: whole.failed,
      lists: whole.listMs.length,
      list_ms_p50: quantile(whole.listMs, 0.5),
    },
    notes: [
      'gap_ms_p99: at most 25 is asked for. Gaps are stamped by the receiving Node process, so they hold its delays too',
      'the gateway sends and receives 25,000 packets/s; the baseline only sends them; the lists are of 1,000 rows each',
    ],
  };
}
