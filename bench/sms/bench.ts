/**
 * Texts by way of a provider to a model and back. First as many as go, against a bare relay from provider to model;
 * then 10,000 over 1,000 chats at 200 a second, while the gateway is killed every 5 s and the provider resends.
 */
import { readFileSync } from 'node:fs';
import { BenchChild } from '../parts/child.ts';
import type { Usage } from '../parts/usage.ts';
import { type BenchReport, median, quantile } from '../report.ts';
import { openHouse } from './house.ts';
import { killedRun } from './killed-run.ts';
import { gatherPeople, type People, person } from './people.ts';

const ROUNDS = 3;
/** People who write again as soon as they were answered. */
const LANES = 64;
const TICKS_PER_SECOND = 100;

interface Round {
  readonly perSecond: number;
  readonly cpuUsPerText: number;
  readonly tookMs: readonly number[];
}

export async function run(seconds: number): Promise<BenchReport> {
  const model = new BenchChild(new URL('./model-child.ts', import.meta.url));
  const { baseUrl } = await model.next<{ baseUrl: string }>();
  let url = '';
  const people = await gatherPeople(() => url);
  const { account } = people.twilio;
  const relay = new BenchChild(new URL('./bare-relay.ts', import.meta.url), {
    BENCH_MODEL: baseUrl,
    BENCH_TWILIO: people.twilio.url,
    BENCH_ACCOUNT: account.accountSid,
    BENCH_TOKEN: account.authToken,
  });
  const bareUrl = (await relay.next<{ url: string }>()).url;
  const house = await openHouse(() => people, baseUrl);
  const ofRelay = async () => (await relay.ask<Usage>({})).cpuMs;
  const ofGateway = async () => cpuMsOf(house.gateway().pid);
  try {
    process.stdout.write('warming up…\n');
    const rounds: { bare: Round; gateway: Round }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      if (round > 0) process.stdout.write(`round ${round} of ${ROUNDS}…\n`);
      url = bareUrl;
      const bare = await conversations(people, { seconds: round === 0 ? 1 : seconds, from: 100_000, cpuMs: ofRelay });
      url = house.url;
      const gateway = await conversations(people, {
        seconds: round === 0 ? 1 : seconds,
        from: 200_000,
        cpuMs: ofGateway,
      });
      if (round > 0) rounds.push({ bare, gateway });
    }
    process.stdout.write('10,000 texts over 1,000 chats at 200/s, a kill every 5 s…\n');
    const options = { chats: 1_000, texts: 10_000, perSecond: 200, killEveryMs: 5_000, settleMs: 120_000 };
    const killed = await killedRun({ people, ...options, restart: () => house.restart() });
    return report(rounds, killed);
  } finally {
    await house.close();
    await people.close();
    await Promise.all([relay, model].map((child) => child.stop()));
  }
}

/** A closed loop: each person writes again when they were answered. */
async function conversations(
  people: People,
  given: { readonly seconds: number; readonly from: number; readonly cpuMs: () => Promise<number> },
): Promise<Round> {
  const tookMs: number[] = [];
  const cpuBefore = await given.cpuMs();
  const startedMs = performance.now();
  const endMs = startedMs + given.seconds * 1_000;
  const lane = async (who: string) => {
    for (let nth = 1; performance.now() < endMs; nth++) {
      const sentMs = performance.now();
      const answered = people.hears(who);
      await people.deliver(who, `${nth}`);
      await answered;
      tookMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, nth) => lane(person(given.from + nth))));
  const spentMs = performance.now() - startedMs;
  const cpuMs = (await given.cpuMs()) - cpuBefore;
  return { perSecond: (tookMs.length * 1_000) / spentMs, cpuUsPerText: (cpuMs * 1_000) / tookMs.length, tookMs };
}

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

function report(
  rounds: readonly { readonly bare: Round; readonly gateway: Round }[],
  killed: Awaited<ReturnType<typeof killedRun>>,
): BenchReport {
  const { seconds: killed_run_s, ...counts } = killed;
  const took = (of: 'bare' | 'gateway') => rounds.flatMap((round) => round[of].tookMs);
  return {
    bench: 'sms',
    ratios: {
      rate: median(rounds.map(({ bare, gateway }) => gateway.perSecond / bare.perSecond)),
      cpu_per_text: median(rounds.map(({ bare, gateway }) => gateway.cpuUsPerText / bare.cpuUsPerText)),
    },
    baseline: {
      texts_per_s: median(rounds.map(({ bare }) => bare.perSecond)),
      cpu_us_per_text: median(rounds.map(({ bare }) => bare.cpuUsPerText)),
      answer_ms_p50: quantile(took('bare'), 0.5),
      answer_ms_p99: quantile(took('bare'), 0.99),
    },
    measured: {
      texts_per_s: median(rounds.map(({ gateway }) => gateway.perSecond)),
      cpu_us_per_text: median(rounds.map(({ gateway }) => gateway.cpuUsPerText)),
      answer_ms_p50: quantile(took('gateway'), 0.5),
      answer_ms_p99: quantile(took('gateway'), 0.99),
      killed_run_s,
      ...counts,
    },
    notes: [
      'missing and disordered: 0 is asked for; duplicates: only where a kill fell between the provider’s accept and our commit and its list did not tell',
      'a text here is: the signed form, stored; the decision of a first text; the model; the answer stored, sent by REST, its status taken',
    ],
  };
}
