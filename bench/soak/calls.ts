/**
 * The part of the soak that places calls: answered and hung up, cancelled while they ring, and, now and then, cut off
 * by kill -9. After a kill the gateway starts on the same data: every call has to get its outcome, and none may go on.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BuiltinScenario, runSipp } from '@pickup/testkit/sipp';
import { seeded } from '../../packages/sip/test/mutate.ts';
import { BenchChild } from '../parts/child.ts';
import type { OutcomeTally } from '../parts/sip-gateway.ts';
import { count, type SoakPart, type SoakPlan } from './part.ts';

const NUMBER = '+12137771235';
const SLOW_NUMBER = '+12137770001';
const RATE = 20;
const ROUND_CALLS = 60;
/** Of the calls that a kill cuts off. */
const HOLD_MS = 2_000;
/** A call whose caller is gone without a word ends after 30 s without audio (F4). */
const SETTLED_MS = 45_000;
/** Every such round ends in a kill. */
const KILL_EVERY = 3;
/** The least time a round needs to come to its end. */
const LAST_ROUND_MS = 10_000;
const SIPP_LIMIT_MS = 30_000;

const ROUNDS: readonly { readonly scenario: BuiltinScenario; readonly to: string; readonly outcome: string }[] = [
  { scenario: { kind: 'answered', holdMs: 300 }, to: NUMBER, outcome: 'connected' },
  { scenario: { kind: 'cancelled', afterMs: 200 }, to: SLOW_NUMBER, outcome: 'caller_abandoned' },
];

export function soakCalls(plan: SoakPlan): SoakPart {
  const soak = new CallSoak(plan);
  return { progress: () => soak.progress(), ended: soak.run() };
}

class CallSoak {
  readonly #plan: SoakPlan;
  readonly #below: (limit: number) => number;
  #gateway: BenchChild | undefined;
  #env: Readonly<Record<string, string>> = {};
  #sip = '';
  #url = '';
  #calls = 0;
  #kills = 0;

  constructor(plan: SoakPlan) {
    this.#plan = plan;
    this.#below = seeded(plan.seed);
  }

  progress(): string {
    return `${count(this.#calls)} calls, ${this.#kills} kills`;
  }

  async run(): Promise<readonly string[]> {
    const home = await mkdtemp(join(tmpdir(), 'pickup-soak-'));
    // At the first finding of any part the process ends at once.
    process.once('exit', () => rmSync(home, { recursive: true, force: true }));
    const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
    try {
      const { port } = await endpoint.next<{ port: number }>();
      this.#url = `http://127.0.0.1:${port}`;
      this.#env = { BENCH_ENDPOINT: this.#url, BENCH_HOME: home, BENCH_SIP_PORT: String(await freePort()) };
      await this.#start();
      const endsAt = performance.now() + this.#plan.forMs;
      for (let round = 1; performance.now() < endsAt - LAST_ROUND_MS; round++) {
        const wrong = round % KILL_EVERY === 0 ? await this.#cutOff() : await this.#whole(round);
        if (wrong !== undefined) return [`calls, round ${round} of seed ${this.#plan.seed}: ${wrong}`];
      }
      return [];
    } catch (error) {
      return [`calls: ${error instanceof Error ? error.stack : String(error)}`];
    } finally {
      await Promise.all([this.#gateway?.stop(), endpoint.stop()]);
    }
  }

  async #start(): Promise<void> {
    this.#gateway = new BenchChild(new URL('../parts/sip-gateway.ts', import.meta.url), this.#env);
    this.#sip = (await this.#gateway.next<{ sip: string }>()).sip;
    await this.#gateway.ask({ ask: 'number', number: SLOW_NUMBER, url: `${this.#url}/slow` });
    await this.#gateway.ask({ ask: 'tally' });
  }

  /** A round in which nothing may go wrong. */
  async #whole(round: number): Promise<string | undefined> {
    const { scenario, to, outcome } = ROUNDS[round % ROUNDS.length] ?? ROUNDS[0]!;
    const sipp = await this.#place(scenario, to);
    if (sipp.successful !== ROUND_CALLS) return `${sipp.failed} of ${ROUND_CALLS} ${scenario.kind}\n${sipp.errors}`;
    return this.#settled({ [outcome]: ROUND_CALLS });
  }

  async #cutOff(): Promise<string | undefined> {
    const placed = this.#place({ kind: 'answered', holdMs: HOLD_MS }, NUMBER);
    await sleep(500 + this.#below(3_000));
    await this.#gateway?.kill();
    this.#kills += 1;
    await this.#start();
    await placed;
    return this.#settled();
  }

  #place(scenario: BuiltinScenario, to: string) {
    this.#calls += ROUND_CALLS;
    return runSipp({
      scenario,
      remote: this.#sip,
      to,
      calls: ROUND_CALLS,
      rate: RATE,
      limit: ROUND_CALLS,
      timeoutMs: SIPP_LIMIT_MS,
    });
  }

  /** Every inbound has an outcome, the one expected where one is, no call goes on, and the log tells of no fault. */
  async #settled(expected?: Readonly<Record<string, number>>): Promise<string | undefined> {
    const seen: Record<string, number> = {};
    for (const giveUpAt = performance.now() + SETTLED_MS; ; await sleep(250)) {
      const { open } = await this.#ask<{ open: number }>('open');
      const { ongoing } = await this.#ask<{ ongoing: number }>('ongoing');
      if (open + ongoing === 0) break;
      if (performance.now() > giveUpAt) return `${open} inbounds without outcome and ${ongoing} calls that go on`;
    }
    const { outcomes, faults } = await this.#ask<OutcomeTally>('tally');
    Object.assign(seen, outcomes);
    if (faults > 0) return `${faults} faults in the gateway's log, see above`;
    const isAsExpected = expected === undefined || JSON.stringify(seen) === JSON.stringify(expected);
    return isAsExpected ? undefined : `${JSON.stringify(expected)} expected, ${JSON.stringify(seen)} recorded`;
  }

  async #ask<T>(what: string): Promise<T> {
    if (!this.#gateway) throw new Error('no gateway runs');
    return this.#gateway.ask<T>({ ask: what });
  }
}

/** Below the ports that systems give to clients, so that nobody takes it while the gateway restarts. */
async function freePort(): Promise<number> {
  for (let port = 15_060; port < 19_000; port += 7) {
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    const isFree = await once(socket, 'listening').then(
      () => true,
      () => false,
    );
    socket.close();
    if (isFree) return port;
  }
  throw new Error('no free port for SIP');
}
