/** The inbounds in progress on this node. */
import type { InboundObject } from '@pickup/contract';
import type { InboundFacts } from '@pickup/core';
import { InboundRun, type InboundRunDeps } from './inbound-run.ts';
import type { CallLeg } from './leg.ts';
import { Running } from './running.ts';
import { createUnrecorded } from './unrecorded.ts';

/** What one inbound is carried out with in place of what all others are: the simulator's faults. */
export type InsteadOfUsual = Pick<InboundRunDeps, 'sender'>;

export interface InboundRunner {
  /** Starts deciding; settles when the record is complete and durable. */
  run(facts: InboundFacts, leg: CallLeg, instead?: InsteadOfUsual): Promise<void>;
  /** The record of an inbound in progress, or of one that the store could not take. */
  live(inboundId: string): InboundObject | undefined;
  readonly ringing: number;
  /** Settles when nothing rings any more (H5). */
  idle(): Promise<void>;
  /** Second SIGTERM: whoever still rings is told so. */
  interruptAll(): void;
}

export function createInboundRunner(given: Omit<InboundRunDeps, 'unrecorded'>): InboundRunner {
  const unrecorded = createUnrecorded(given);
  const deps: InboundRunDeps = { ...given, unrecorded };
  const running = new Running<InboundRun>();
  return {
    run(facts, leg, instead) {
      return new Promise((resolve) => {
        const run = new InboundRun(instead ? { ...deps, ...instead } : deps, facts, leg, (id) => {
          running.remove(id);
          resolve();
        });
        running.add(facts.inbound_id, run);
        run.start();
      });
    },
    live: (id) => running.get(id)?.object() ?? unrecorded.get(id),
    get ringing() {
      return running.size;
    },
    idle: () => running.idle(),
    interruptAll() {
      for (const run of running.all()) run.interrupt();
    },
  };
}
