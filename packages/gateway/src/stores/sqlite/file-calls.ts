/**
 * Enters calls that are over in the indices by agent and number (migration 0007), a few at a time: with the next commit
 * while the store is busy, more where it has nothing else to do.
 */
import type { Writer } from './writer.ts';

/** After a call has ended, so that several go together. */
const SOON_MS = 250;
/** From one lot to the next while there is more. */
const PAUSE_MS = 25;
/** After a fault of the disk. */
const AGAIN_MS = 5_000;
/** Less than 1 ms of the writer's time, and about 5 ms. */
const FEW = 32;
const MANY = 200;

export interface Filing {
  /** Some call may have ended. */
  due(): void;
  stop(): void;
}

/** Begins with what was left at the last end. `after` is the clock's. */
export function startFiling(writer: Writer, after: (delayMs: number, fire: () => void) => () => void): Filing {
  let cancel: (() => void) | undefined;
  let isRunning = false;
  /** Something ended while calls were being filed, perhaps too late to be among them. */
  let isDueAgain = false;
  let isStopped = false;
  const plan = (delayMs: number) => {
    if (!isStopped) cancel ??= after(delayMs, () => void fileSome());
  };
  const fileSome = async () => {
    cancel = undefined;
    isRunning = true;
    isDueAgain = false;
    const most = writer.isIdle ? MANY : FEW;
    const sent = most === MANY ? writer.send('fileCalls', [most]) : writer.sendUnhurried('fileCalls', [most]);
    const next = await sent.then(
      (filed) => (filed === most ? (most === MANY ? 0 : PAUSE_MS) : undefined),
      () => AGAIN_MS,
    );
    isRunning = false;
    if (next !== undefined) plan(next);
    else if (isDueAgain) plan(SOON_MS);
  };
  plan(SOON_MS);
  return {
    due() {
      if (isRunning) isDueAgain = true;
      else plan(SOON_MS);
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
