/** Keeps the table of callers as the store has it: read at the start and now and then, and told of every change here. */
import type { Log } from '../../../observe/index.ts';
import type { Clock } from '../../../runners/clock.ts';
import type { NumberRow, Store } from '../../../stores/port.ts';
import type { CallerTable } from './caller-table.ts';

/** How soon a change made by another node holds here. What it costs grows with the guarded numbers only. */
const READ_AGAIN_MS = 60_000;
const PAGE = 1_000;

/** The table's hold on the store. */
export interface NumberFollower {
  /** The store, whose changes of numbers reach the table before they are answered. */
  readonly store: Store;
  /** Reads the guarded numbers, and again every minute until stopped. Rejects where the first read fails. */
  start(): Promise<void>;
  stop(): void;
}

export function followNumbers(deps: {
  readonly store: Store;
  readonly table: CallerTable;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}): NumberFollower {
  const { store, table, clock, log } = deps;
  /** Numbers changed here while a read goes on: what was read of them may be old. */
  let changed: Set<string> | undefined;
  let stopTimer = () => {};
  let stopped = false;

  async function read(): Promise<void> {
    const fresh = new Set<string>();
    changed = new Set();
    try {
      await eachGuarded(store, (row) => {
        const { phone_number } = row.settings;
        fresh.add(phone_number);
        if (!changed?.has(phone_number)) table.put(row);
      });
      for (const phoneNumber of [...table.numbers()]) {
        if (!fresh.has(phoneNumber) && !changed.has(phoneNumber)) table.delete(phoneNumber);
      }
    } finally {
      changed = undefined;
    }
  }

  function readAgainLater(): void {
    if (stopped) return;
    stopTimer = clock.after(READ_AGAIN_MS, () => {
      read()
        .catch((error) => log.error('callers_not_read', { error: String(error) }))
        .finally(readAgainLater);
    });
  }

  return {
    store: {
      ...store,
      async putNumber(row, mode) {
        const done = await store.putNumber(row, mode);
        changed?.add(row.settings.phone_number);
        if (done) table.put(row);
        return done;
      },
      async deleteNumber(phoneNumber) {
        const done = await store.deleteNumber(phoneNumber);
        changed?.add(phoneNumber);
        if (done) table.delete(phoneNumber);
        return done;
      },
    },
    async start() {
      await read();
      readAgainLater();
    },
    stop() {
      stopped = true;
      stopTimer();
    },
  };
}

async function eachGuarded(store: Store, take: (row: NumberRow) => void): Promise<void> {
  let key: string | undefined;
  do {
    const page = await store.listGuardedNumbers({ limit: PAGE, ...(key !== undefined && { pagination_key: key }) });
    for (const row of page.items) take(row);
    key = page.has_more ? page.pagination_key : undefined;
  } while (key !== undefined);
}
