/** The part of the soak that drives a SipCore in a process of its own. */
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchChild } from '../parts/child.ts';
import { count, judgeHeap, mib, type SoakPart, type SoakPlan } from './part.ts';

const LOOK_EVERY_MS = 2_000;
/** The heap is looked at after this share of the time, and at its end. */
const EARLY = 0.1;
/** The live calls go first. */
const NICE = 10;

interface Status {
  readonly messages: number;
  readonly finding?: string;
  readonly heapBytes: number;
}

export function soakCore({ seed, forMs }: SoakPlan): SoakPart {
  let messages = 0;
  let heap = 0;
  const run = async (): Promise<readonly string[]> => {
    const child = new BenchChild(
      new URL('./core-child.ts', import.meta.url),
      { SOAK_SEED: String(seed) },
      { nodeArgs: ['--expose-gc'] },
    );
    try {
      await child.next();
      setPriority(child.pid, NICE);
      const endsAt = performance.now() + forMs;
      await sleep(forMs * EARLY);
      const early = await child.ask<Status>({ ask: 'heap' });
      heap = early.heapBytes;
      for (let finding = early.finding; performance.now() < endsAt; ) {
        if (finding !== undefined) return [`core: ${finding}`];
        await sleep(LOOK_EVERY_MS);
        ({ messages, finding } = await child.ask<Status>({ ask: 'status' }));
      }
      const late = await child.ask<Status>({ ask: 'heap' });
      ({ messages } = late);
      heap = late.heapBytes;
      if (late.finding !== undefined) return [`core: ${late.finding}`];
      const grown = judgeHeap('core', early.heapBytes, late.heapBytes);
      return grown === undefined ? [] : [grown];
    } finally {
      await child.stop();
    }
  };
  return { progress: () => `core ${count(messages)} messages, heap ${mib(heap)} MiB`, ended: run() };
}
