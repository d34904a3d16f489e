/** The counter that strangers leave instead of records (A4). */
import type { Log } from '../../../observe/index.ts';
import type { Clock } from '../../../runners/clock.ts';

/** What was not let in, since the start. */
export interface StrangerCounts {
  /** Requests that were refused, with 401 too. */
  readonly refused: number;
  /** Sources that flooded (case 61). */
  readonly banned: number;
  /** Messages of theirs that were not read. */
  readonly silenced: number;
  /** Messages of anybody that could not be read. */
  readonly malformed: number;
}

const EVERY_MS = 300_000;

/** Logs the counts every 5 min where they have changed, and once more when stopped. */
export function reportStrangers(deps: {
  readonly counts: () => StrangerCounts;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}): { stop(): void } {
  const { counts, clock, log } = deps;
  let told = JSON.stringify({ refused: 0, banned: 0, silenced: 0, malformed: 0 });
  const tell = () => {
    const now = counts();
    const text = JSON.stringify(now);
    if (text === told) return;
    told = text;
    log.info('sip_strangers', { ...now });
  };
  let cancel = () => {};
  const later = () => {
    cancel = clock.after(EVERY_MS, () => {
      tell();
      later();
    });
  };
  later();
  return {
    stop() {
      cancel();
      tell();
    },
  };
}
