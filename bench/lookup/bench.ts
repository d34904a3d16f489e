/** The whole inbound, simulator to durable record, at 1,000,000 numbers against the same at 100. */
import { BenchChild } from '../parts/child.ts';
import type { ClosedLoop } from '../parts/load.ts';
import { type BenchReport, median } from '../report.ts';

const FEW = 100;
const MANY = 1_000_000;
const ROUNDS = 5;
const LANES = 16;

type Loop = ClosedLoop & { readonly connected: number };

/** Rounds alternate between the two gateways, so that a slow moment of the machine meets both. */
export async function run(seconds: number): Promise<BenchReport> {
  const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
  const { port } = await endpoint.next<{ port: number }>();
  const gatewayWith = (numbers: number) =>
    new BenchChild(new URL('../parts/gateway-client.ts', import.meta.url), {
      BENCH_ENDPOINT: `http://127.0.0.1:${port}`,
      BENCH_NUMBERS: String(numbers),
    });
  process.stdout.write(`storing ${FEW} numbers here and ${MANY} there; the latter takes a minute or two…\n`);
  const few = gatewayWith(FEW);
  const many = gatewayWith(MANY);
  try {
    await Promise.all([few.next(), many.next()]);
    process.stdout.write('warming up…\n');
    for (const gateway of [few, many]) await gateway.ask({ lanes: LANES, seconds: 2 });
    const pairs: { few: Loop; many: Loop }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      process.stdout.write(`round ${round} of ${ROUNDS}…\n`);
      const question = { lanes: LANES, seconds: seconds / 2 };
      pairs.push({ few: await few.ask<Loop>(question), many: await many.ask<Loop>(question) });
    }
    return report(pairs);
  } finally {
    await Promise.all([endpoint, few, many].map((child) => child.stop()));
  }
}

function report(pairs: readonly { few: Loop; many: Loop }[]): BenchReport {
  const cpu = (loop: Loop) => (loop.cpuMs * 1_000) / loop.done;
  const each = (loop: Loop) => (loop.seconds * 1_000_000) / loop.done;
  return {
    bench: 'lookup',
    ratios: {
      time_per_inbound: median(pairs.map(({ few, many }) => each(many) / each(few))),
      cpu_per_inbound: median(pairs.map(({ few, many }) => cpu(many) / cpu(few))),
    },
    baseline: {
      numbers: FEW,
      us_per_inbound: median(pairs.map(({ few }) => each(few))),
      cpu_us_per_inbound: median(pairs.map(({ few }) => cpu(few))),
    },
    measured: {
      numbers: MANY,
      us_per_inbound: median(pairs.map(({ many }) => each(many))),
      cpu_us_per_inbound: median(pairs.map(({ many }) => cpu(many))),
      connected_and_durable: Math.min(...pairs.flatMap(({ few, many }) => [few.connected, many.connected])),
    },
    notes: ['time_per_inbound: at most 1.2'],
  };
}
