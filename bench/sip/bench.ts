/** Calls by SIPp, INVITE → webhook → 200 → BYE without audio, against the SIP package alone answering them. */
import { fileURLToPath } from 'node:url';
import { runSipp } from '@pickup/testkit/sipp';
import { BenchChild } from '../parts/child.ts';
import type { OutcomeTally } from '../parts/sip-gateway.ts';
import { type Usage, used } from '../parts/usage.ts';
import { type BenchReport, median } from '../report.ts';

const ROUNDS = 3;
/** The rate asked for, at which the CPU is measured. */
const CALM_PER_SECOND = 300;
const LADDER = [300, 400, 500, 600, 700, 800, 1_000, 1_200];
/** Until what is called often is compiled for speed. */
const WARM_SECONDS = 12;
const SETTLE_MS = 500;
/** SIPp ends with the last of its calls: so much longer than the calls take means that they were held up. */
const SLACK_MS = 2_500;
const SCENARIO = fileURLToPath(new URL('./call.xml', import.meta.url));

/** Sample number of the gateway. */
const NUMBER = '+12137771235';

interface Round {
  readonly calls: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly cpuMs: number;
  readonly childrenCpuMs: number;
  readonly meanAnswerMs: number;
  /** Kept up with SIPp. */
  readonly inTime: boolean;
}

export async function run(seconds: number): Promise<BenchReport> {
  const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
  const { port } = await endpoint.next<{ port: number }>();
  const gateway = new BenchChild(new URL('../parts/sip-gateway.ts', import.meta.url), {
    BENCH_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  const alone = new BenchChild(new URL('../parts/sip-alone.ts', import.meta.url));
  try {
    const [whole, bare] = await Promise.all([gateway.next<{ sip: string }>(), alone.next<{ sip: string }>()]);
    const place = (child: BenchChild, sip: string) => (rate: number, forSeconds: number) =>
      placeCalls({ child, sip, rate, calls: Math.round(rate * forSeconds) });
    const [ofGateway, ofAlone] = [place(gateway, whole.sip), place(alone, bare.sip)];
    process.stdout.write('warming up…\n');
    await ofAlone(CALM_PER_SECOND, WARM_SECONDS);
    await ofGateway(CALM_PER_SECOND, WARM_SECONDS);
    await gateway.ask({ ask: 'tally' });
    const pairs: { alone: Round; gateway: Round }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      process.stdout.write(`round ${round} of ${ROUNDS}, ${CALM_PER_SECOND}/s…\n`);
      pairs.push({
        alone: await ofAlone(CALM_PER_SECOND, seconds),
        gateway: await ofGateway(CALM_PER_SECOND, seconds),
      });
    }
    const seen = await gateway.ask<OutcomeTally>({ ask: 'tally' });
    const connected = (seen.outcomes['connected'] ?? 0) / pairs.reduce((sum, pair) => sum + pair.gateway.calls, 0);
    const sustained = {
      alone: await climb('alone', ofAlone, seconds),
      gateway: await climb('gateway', ofGateway, seconds),
    };
    return report(pairs, { connected, faults: seen.faults, sustained });
  } finally {
    await Promise.all([endpoint, gateway, alone].map((child) => child.stop()));
  }
}

async function placeCalls(load: { child: BenchChild; sip: string; rate: number; calls: number }): Promise<Round> {
  const { child, sip, rate, calls } = load;
  const before = await child.ask<Usage>({ ask: 'usage' });
  const startedMs = performance.now();
  const sipp = await runSipp({
    scenario: SCENARIO,
    remote: sip,
    to: NUMBER,
    calls,
    rate,
    limit: 4 * rate,
    timeoutMs: (calls / rate) * 1_000 + 30_000,
  });
  const tookMs = performance.now() - startedMs;
  await new Promise<void>((resolve) => setTimeout(resolve, SETTLE_MS));
  const { cpuMs, childrenCpuMs } = used(before, await child.ask<Usage>({ ask: 'usage' }));
  if (sipp.errors !== '') process.stdout.write(`  SIPp: ${sipp.errors.slice(0, 300)}\n`);
  return {
    calls,
    failed: calls - sipp.successful,
    retransmissions: Number(sipp.csv['Retransmissions(C)'] ?? Number.NaN),
    cpuMs,
    childrenCpuMs,
    meanAnswerMs: meanOf(sipp.csv['ResponseTime1(C)']),
    inTime: tookMs < (calls / rate) * 1_000 + SLACK_MS,
  };
}

/** The last rate of the ladder at which no call failed and none was held up. */
async function climb(who: string, place: (rate: number, seconds: number) => Promise<Round>, seconds: number) {
  let sustained = 0;
  for (const rate of LADDER) {
    const { calls, failed, retransmissions, inTime, meanAnswerMs, cpuMs } = await place(rate, seconds);
    const figures = `${failed} failed, ${retransmissions} retransmitted, answered after ${meanAnswerMs.toFixed(1)} ms, ${(cpuMs / calls).toFixed(2)} ms CPU`;
    process.stdout.write(`${who} at ${rate}/s: ${figures}${inTime ? '' : ', behind'}\n`);
    if (failed > 0 || !inTime) break;
    sustained = rate;
  }
  return sustained;
}

/** SIPp writes `HH:MM:SS:µs`, or `HH:MM:SS.µs`. */
function meanOf(time: string | undefined): number {
  const [hours = 0, minutes = 0, seconds = 0, micros = 0] = (time ?? '').split(/[:.]/).map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + micros / 1_000;
}

function report(
  pairs: readonly { alone: Round; gateway: Round }[],
  of: { connected: number; faults: number; sustained: { alone: number; gateway: number } },
): BenchReport {
  const each = (round: Round) => round.cpuMs / round.calls;
  const sum = (pick: (pair: { alone: Round; gateway: Round }) => number) =>
    pairs.reduce((all, pair) => all + pick(pair), 0);
  return {
    bench: 'sip',
    ratios: { cpu_per_call: median(pairs.map(({ alone, gateway }) => each(gateway) / each(alone))) },
    baseline: {
      cpu_ms_per_call: median(pairs.map(({ alone }) => each(alone))),
      sustained_calls_per_s: of.sustained.alone,
      failed: sum(({ alone }) => alone.failed),
    },
    measured: {
      cpu_ms_per_call: median(pairs.map(({ gateway }) => each(gateway))),
      voice_cpu_ms_per_call: median(pairs.map(({ gateway }) => gateway.childrenCpuMs / gateway.calls)),
      sustained_calls_per_s: of.sustained.gateway,
      mean_answer_ms: median(pairs.map(({ gateway }) => gateway.meanAnswerMs)),
      retransmissions: sum(({ gateway }) => gateway.retransmissions),
      failed: sum(({ gateway }) => gateway.failed),
      connected_and_durable: of.connected,
      faults_logged: of.faults,
    },
    notes: [
      `cpu at ${CALM_PER_SECOND}/s, all threads: at most 2 ms are asked for, 1 aimed at; sustained: 300/s, aim 1,000/s`,
      'sustained is the last rate of a ladder up to 1,200/s without a failed or delayed call; SIPp, endpoint and gateway share the cores',
    ],
  };
}
