/**
 * Inbounds that were turned away because the store could not take their arrival: shown from memory, and written
 * once it can (H1). Bounded, for a full disk may last longer than memory.
 */
import type { InboundObject } from '@pickup/contract';
import type { Log } from '../observe/index.ts';
import { type InboundArrival, type InboundSettlement, type Store, StoreUnavailable } from '../stores/port.ts';
import type { Clock } from './clock.ts';
import { MOST_TRIES, RETRY_MS } from './until-stored.ts';

const MOST_KEPT = 1_000;

export interface UnrecordedInbound {
  readonly object: InboundObject;
  readonly arrival: InboundArrival;
  readonly settlement: InboundSettlement;
}

export interface Unrecorded {
  /** Beyond 1,000 the oldest is forgotten; the log still has it. */
  keep(inbound: UnrecordedInbound): void;
  get(inboundId: string): InboundObject | undefined;
}

export function createUnrecorded(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}): Unrecorded {
  const { store, clock, log } = deps;
  const kept = new Map<string, UnrecordedInbound>();
  let waiting = false;
  let tries = 0;
  const retryLater = () => {
    if (waiting || kept.size === 0 || tries >= MOST_TRIES) return;
    waiting = true;
    clock.after(RETRY_MS, () => {
      write().finally(() => {
        waiting = false;
        retryLater();
      });
    });
  };
  const write = async () => {
    tries += 1;
    for (const [id, { arrival, settlement }] of kept) {
      try {
        // Opened already where only the settlement failed the last time.
        await store.openInbound(arrival);
        await store.settleInbound(settlement);
      } catch (error) {
        if (error instanceof StoreUnavailable) return;
        log.error('write_failed', { what: 'unrecorded', id, error: String(error), again: false });
      }
      kept.delete(id);
      tries = 0;
    }
  };
  return {
    keep(inbound) {
      const { inbound_id: id } = inbound.object;
      kept.set(id, inbound);
      const oldest = kept.size > MOST_KEPT ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      tries = 0;
      retryLater();
    },
    get: (id) => kept.get(id)?.object,
  };
}
