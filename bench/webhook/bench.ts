/** Simulator to recorded outcome, against a bare loop of signed undici POSTs to the same endpoint process. */
import { BenchChild } from '../parts/child.ts';
import type { ClosedLoop } from '../parts/load.ts';
import { type BenchReport, median, quantile } from '../report.ts';

const ROUNDS = 5;
/** Calls in progress at once, and connections of the bare loop. */
const LANES = 128;
const RING_PER_SECOND = 200;

export async function run(seconds: number): Promise<BenchReport> {
  const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
  const { port } = await endpoint.next<{ port: number }>();
  const env = { BENCH_ENDPOINT: `http://127.0.0.1:${port}` };
  const bare = new BenchChild(new URL('../parts/bare-client.ts', import.meta.url), env);
  await bare.next();
  const gateway = new BenchChild(new URL('../parts/gateway-client.ts', import.meta.url), env);
  await gateway.next();
  try {
    process.stdout.write('warming up…\n');
    await bare.ask({ lanes: LANES, seconds: 1 });
    await gateway.ask({ lanes: LANES, seconds: 2 });
    const pairs: { bare: ClosedLoop; gateway: ClosedLoop & { connected: number } }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      process.stdout.write(`round ${round} of ${ROUNDS}…\n`);
      pairs.push({
        bare: await bare.ask({ lanes: LANES, seconds }),
        gateway: await gateway.ask({ lanes: LANES, seconds }),
      });
    }
    process.stdout.write(`${RING_PER_SECOND}/s, open loop…\n`);
    const calm = { perSecond: RING_PER_SECOND, seconds };
    const bareCalm = await bare.ask<{ tookMs: number[] }>(calm);
    const ring = await gateway.ask<{ tookMs: number[]; addedMs: number[]; connected: number }>(calm);
    return report(pairs, bareCalm, ring);
  } finally {
    await Promise.all([endpoint, bare, gateway].map((child) => child.stop()));
  }
}

function report(
  pairs: readonly { bare: ClosedLoop; gateway: ClosedLoop & { connected: number } }[],
  bareCalm: { tookMs: number[] },
  ring: { tookMs: number[]; addedMs: number[]; connected: number },
): BenchReport {
  const rate = (loop: ClosedLoop) => loop.done / loop.seconds;
  const cpu = (loop: ClosedLoop) => (loop.cpuMs * 1_000) / loop.done;
  const connected = Math.min(ring.connected, ...pairs.map((pair) => pair.gateway.connected));
  const failed = pairs.reduce((sum, pair) => sum + pair.bare.failed + pair.gateway.failed, 0);
  return {
    bench: 'webhook',
    ratios: {
      rate: median(pairs.map((pair) => rate(pair.gateway) / rate(pair.bare))),
      cpu_per_request: median(pairs.map((pair) => cpu(pair.gateway) / cpu(pair.bare))),
    },
    baseline: {
      requests_per_s: median(pairs.map((pair) => rate(pair.bare))),
      cpu_us_per_request: median(pairs.map((pair) => cpu(pair.bare))),
      ring_ms_p50: quantile(bareCalm.tookMs, 0.5),
      ring_ms_p99: quantile(bareCalm.tookMs, 0.99),
    },
    measured: {
      inbounds_per_s: median(pairs.map((pair) => rate(pair.gateway))),
      cpu_us_per_inbound: median(pairs.map((pair) => cpu(pair.gateway))),
      ring_ms_p50: quantile(ring.tookMs, 0.5),
      ring_ms_p99: quantile(ring.tookMs, 0.99),
      added_ring_ms_p50: quantile(ring.addedMs, 0.5),
      added_ring_ms_p99: quantile(ring.addedMs, 0.99),
      connected_and_durable: connected,
      failed,
    },
    notes: [
      'rate: at least 0.2 is asked for, 0.3 aimed at; cpu_per_request: at most 5, aimed at 3; added_ring_ms_p99: at most 5',
      'added ring time: intended start to the answer, arrival and decision durable, less the attempt itself',
    ],
  };
}
