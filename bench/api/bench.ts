/**
 * The REST API over HTTP at 1,000,000 calls, 100,000 numbers and 10,000 agents, against a store of 100 of each: the
 * same questions by turns. Also the time from fork to `ready`, and lists while a search looks through everything.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { BenchChild } from '../parts/child.ts';
import { type BenchReport, median, quantile } from '../report.ts';
import { type Draw, type Question, questionsFor, SEARCH } from './questions.ts';

const FEW = 100;
const MANY = Number(process.env['BENCH_CALLS'] ?? 1_000_000);
const STARTS = 5;
const KEY = 'key_of_the_bench_key_of_the_bench';
/** Of each question and store, however short the bench. */
const LEAST_ASKED = 20;
const MOST_ASKED = 500;
/** Of a get and of an indexed list, at the median; a name is searched for. */
const LIMIT_MS = 20;

interface Side {
  readonly calls: number;
  readonly home: string;
  readonly startMs: number[];
  gateway: BenchChild;
  url: string;
  pool: Pool;
}

export async function run(seconds: number): Promise<BenchReport> {
  process.stdout.write(`storing ${FEW} calls here and ${MANY} there; the latter takes some minutes…\n`);
  const few = await prepare(FEW);
  const many = await prepare(MANY);
  try {
    for (let start = 0; start < STARTS; start += 1) for (const side of [few, many]) await restart(side);
    process.stdout.write('asking…\n');
    const asked = await askAll([few, many], seconds);
    const busy = await askWhileSearching(many, seconds);
    return report([few, many], asked, busy);
  } finally {
    for (const side of [few, many]) {
      await side.pool.destroy();
      await side.gateway.stop();
      rmSync(side.home, { recursive: true, force: true });
    }
  }
}

async function prepare(calls: number): Promise<Side> {
  const home = mkdtempSync(join(tmpdir(), 'pickup-bench-api-'));
  return { calls, home, startMs: [], ...(await start(home, { BENCH_CALLS: String(calls) })) };
}

async function start(home: string, env: Readonly<Record<string, string>> = {}) {
  const gateway = new BenchChild(new URL('./gateway.ts', import.meta.url), {
    BENCH_CALLS: '0',
    BENCH_HOME: home,
    BENCH_KEY: KEY,
    ...env,
  });
  const { url } = await gateway.next<{ url: string }>();
  return { gateway, url, pool: new Pool(url, { connections: 1 }) };
}

async function restart(side: Side): Promise<void> {
  await side.pool.destroy();
  await side.gateway.stop();
  const before = performance.now();
  const started = await start(side.home);
  side.startMs.push(performance.now() - before);
  Object.assign(side, started);
}

/** Milliseconds to the last byte. Throws where the answer is not what it has to be. */
async function ask(pool: Pool, { method, path, body, atLeast }: Question): Promise<number> {
  const before = performance.now();
  const reply = await pool.request({
    method,
    path,
    headers: { authorization: `Bearer ${KEY}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.body.text();
  const tookMs = performance.now() - before;
  const items = atLeast === undefined ? [] : ((JSON.parse(text) as { items?: unknown[] }).items ?? []);
  if (reply.statusCode !== 200 || items.length < (atLeast ?? 0)) {
    throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${reply.statusCode} ${text.slice(0, 300)}`);
  }
  return tookMs;
}

/** The same sequence in every run. */
function drawing(): Draw {
  let state = 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % Math.max(1, Math.floor(below));
  };
}

type Times = Readonly<Record<string, readonly number[]>>;

/** Question by question, the two stores by turns, so that a slow moment of the machine meets both. */
async function askAll(sides: readonly Side[], seconds: number): Promise<readonly Times[]> {
  const questions = sides.map(({ calls }) => questionsFor(calls, drawing()));
  const times = sides.map((): Record<string, number[]> => ({}));
  const names = Object.keys(questions[0]!);
  for (const name of names) {
    for (const [index, side] of sides.entries()) await ask(side.pool, questions[index]![name]!());
    const endMs = performance.now() + (seconds * 2_000) / names.length;
    for (const each of times) each[name] = [];
    for (let n = 0; n < MOST_ASKED && (n < LEAST_ASKED || performance.now() < endMs); n += 1) {
      for (const [index, side] of sides.entries()) {
        times[index]![name]!.push(await ask(side.pool, questions[index]![name]!()));
      }
    }
  }
  return times;
}

/** An indexed list asked again and again, while a search that finds nothing looks through all calls. */
async function askWhileSearching(side: Side, seconds: number) {
  const search = new Pool(side.url, { connections: 1 });
  const question = questionsFor(side.calls, drawing())['list_calls_by_agent']!;
  const searches: number[] = [];
  const lists: number[] = [];
  const endMs = performance.now() + seconds * 1_000;
  let over = false;
  const searching = (async () => {
    while (performance.now() < endMs) searches.push(await ask(search, SEARCH));
    over = true;
  })();
  while (!over) lists.push(await ask(side.pool, question()));
  await searching;
  await search.destroy();
  return { searches, lists };
}

function report(
  [few, many]: readonly Side[],
  asked: readonly Times[],
  busy: Awaited<ReturnType<typeof askWhileSearching>>,
): BenchReport {
  const names = Object.keys(asked[0]!);
  const p50 = (times: Times, name: string) => median(times[name]!);
  const each = (of: (name: string) => number, suffix: string) =>
    Object.fromEntries(names.map((name) => [`${name}${suffix}`, of(name)]));
  return {
    bench: 'api',
    ratios: {
      slowest_ms_p50:
        Math.max(...names.filter((name) => name !== 'list_agents_by_name').map((name) => p50(asked[1]!, name))) /
        LIMIT_MS,
      start: median(many!.startMs) / median(few!.startMs),
      ...each((name) => p50(asked[1]!, name) / p50(asked[0]!, name), ''),
    },
    baseline: {
      calls: few!.calls,
      start_ms_p50: median(few!.startMs),
      ...each((name) => p50(asked[0]!, name), '_ms_p50'),
    },
    measured: {
      calls: many!.calls,
      start_ms_p50: median(many!.startMs),
      ...each((name) => p50(asked[1]!, name), '_ms_p50'),
      ...each((name) => quantile(asked[1]![name]!, 0.95), '_ms_p95'),
      search_ms_p50: median(busy.searches),
      list_during_searches_ms_p50: median(busy.lists),
      list_during_searches_ms_p95: quantile(busy.lists, 0.95),
    },
    notes: [
      `slowest_ms_p50: over the ${LIMIT_MS} ms asked for, at most 1; start_ms_p50: at most 3,000`,
      'search: one page of a filter without an index that nothing matches; it stops after 2 s of its own time',
    ],
  };
}
