/** The part of the soak that sends mutated messages to the UDP socket of a running gateway, at a moderate rate. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { serializeMessage } from '@pickup/sip';
import { request } from '../../packages/sip/test/bench-peer.ts';
import { mutated, samples, seeded } from '../../packages/sip/test/mutate.ts';
import { BenchChild } from '../parts/child.ts';
import type { OutcomeTally } from '../parts/sip-gateway.ts';
import type { Memory } from '../parts/usage.ts';
import { callMessage } from './call-messages.ts';
import { count, judgeHeap, mib, type SoakPart, type SoakPlan } from './part.ts';
import { showMessage } from './show-message.ts';

const BURST = 5;
const BURST_EVERY_MS = 20;
const PROBE_EVERY_MS = 2_000;
/** A gateway that says nothing for so long, with the probe repeated meanwhile, has stopped. */
const PROBE_LIMIT_MS = 10_000;
const PROBE_AGAIN_MS = 500;
/** Transactions and unanswered calls live 32 s: before that the heap is still filling. */
const FULL_AFTER_MS = 40_000;
const EARLY = 0.1;
/** Messages shown with a finding: one of the last did it. */
const SHOWN = 10;

export function soakSocket(plan: SoakPlan): SoakPart {
  const soak = new SocketSoak(plan);
  return { progress: () => soak.progress(), ended: soak.run() };
}

class SocketSoak {
  readonly #plan: SoakPlan;
  readonly #socket = createSocket('udp4');
  readonly #last: Buffer[] = [];
  #messages = 0;
  #answers = 0;
  #heap = 0;
  #probeAnswered = false;

  constructor(plan: SoakPlan) {
    this.#plan = plan;
  }

  progress(): string {
    return `socket ${count(this.#messages)} messages, ${count(this.#answers)} answers, heap ${mib(this.#heap)} MiB`;
  }

  async run(): Promise<readonly string[]> {
    const endpoint = new BenchChild(new URL('../parts/endpoint.ts', import.meta.url));
    const { port } = await endpoint.next<{ port: number }>();
    const gateway = new BenchChild(
      new URL('../parts/sip-gateway.ts', import.meta.url),
      { BENCH_ENDPOINT: `http://127.0.0.1:${port}` },
      { nodeArgs: ['--expose-gc'] },
    );
    try {
      const { sip } = await gateway.next<{ sip: string }>();
      this.#socket.bind(0, '127.0.0.1');
      await once(this.#socket, 'listening');
      this.#socket.on('message', (bytes) => this.#hear(bytes));
      return await this.#drive(gateway, Number(sip.split(':').at(-1)));
    } catch (error) {
      return [this.#finding(error instanceof Error ? error.message : String(error))];
    } finally {
      this.#socket.close();
      await Promise.all([gateway.stop(), endpoint.stop()]);
    }
  }

  async #drive(gateway: BenchChild, port: number): Promise<readonly string[]> {
    const { forMs } = this.#plan;
    const startedMs = performance.now();
    const earlyAtMs = Math.max(forMs * EARLY, Math.min(FULL_AFTER_MS, forMs * 0.7));
    let early: Memory | undefined;
    let probeAtMs = 0;
    for (let atMs = 0; atMs < forMs; atMs = performance.now() - startedMs) {
      for (let n = 0; n < BURST; n++) this.#sendOne(port);
      await sleep(BURST_EVERY_MS);
      if (atMs >= probeAtMs) {
        if (!(await this.#answersProbe(port))) return [this.#finding('the gateway answers no more')];
        const { faults } = await gateway.ask<OutcomeTally>({ ask: 'tally' });
        if (faults > 0) return [this.#finding(`${faults} faults in the gateway's log, see above`)];
        probeAtMs = atMs + PROBE_EVERY_MS;
      }
      if (early === undefined && atMs >= earlyAtMs) {
        early = await gateway.ask<Memory>({ ask: 'memory' });
        this.#heap = early.heapBytes;
      }
    }
    const late = await gateway.ask<Memory>({ ask: 'memory' });
    this.#heap = late.heapBytes;
    const grown = judgeHeap('socket', early?.heapBytes ?? late.heapBytes, late.heapBytes);
    return grown === undefined ? [] : [grown];
  }

  #sendOne(port: number): void {
    this.#messages += 1;
    const below = seeded(Math.imul(this.#plan.seed ^ this.#messages, 0x85eb_ca6b) >>> 0);
    const bytes = below(3) === 0 ? mutated(below, [callMessage(below, [])]) : mutated(below, samples);
    this.#last.push(bytes);
    if (this.#last.length > SHOWN) this.#last.shift();
    if (bytes.length > 0) this.#socket.send(bytes, port, '127.0.0.1');
  }

  async #answersProbe(port: number): Promise<boolean> {
    this.#probeAnswered = false;
    const probe = serializeMessage(
      request('OPTIONS', {
        callId: `probe-${this.#messages}`,
        branch: `z9hG4bK-probe-${this.#messages}`,
        headers: [['X-Probe', 'yes']],
      }),
    );
    for (const endsAt = performance.now() + PROBE_LIMIT_MS; performance.now() < endsAt; ) {
      this.#socket.send(probe, port, '127.0.0.1');
      for (let waited = 0; waited < PROBE_AGAIN_MS && !this.#probeAnswered; waited += 10) await sleep(10);
      if (this.#probeAnswered) return true;
    }
    return false;
  }

  #hear(bytes: Buffer): void {
    this.#answers += 1;
    if (bytes.includes(`probe-${this.#messages}\r\n`)) this.#probeAnswered = true;
  }

  #finding(what: string): string {
    const { seed } = this.#plan;
    const shown = this.#last.map((bytes) => showMessage(bytes)).join('\n  next:\n');
    return `socket: ${what}\n  messages up to ${this.#messages} of seed ${seed}, the last ones:\n${shown}`;
  }
}
