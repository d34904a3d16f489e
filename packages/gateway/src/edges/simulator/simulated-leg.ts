/** The caller's side of a simulated call: no sound, no SIP. */
import { HANG_UP_AFTER_MS } from '@pickup/contract';
import type { Clock } from '../../runners/clock.ts';
import type { CallLeg, ConnectedLeg } from '../../runners/leg.ts';

/** What the imagined caller is like. */
export interface SimulatedLegOptions {
  /** Told when the caller stops hearing ringing, for whatever reason. */
  readonly onAnswered: () => void;
  /** With it the caller has no patience: it hangs up after a second, if it still rings. */
  readonly clock?: Clock;
}

/** Waits until it is answered or turned away; hears the agent's first words and hangs up. */
export function simulatedLeg({ onAnswered, clock }: SimulatedLegOptions): CallLeg {
  let gone = false;
  let stopWaiting = () => {};
  const answer = <T>(given: T, tooLate: T): T => {
    if (gone) return tooLate;
    stopWaiting();
    onAnswered();
    return given;
  };
  return {
    edge: 'simulator',
    onCallerGone(listener) {
      if (!clock) return;
      stopWaiting = clock.after(HANG_UP_AFTER_MS, () => {
        gone = true;
        onAnswered();
        listener();
      });
    },
    ring() {},
    accept: () =>
      answer<ConnectedLeg | undefined>({ onEnd: (listener) => listener({ by: 'caller' }), hangUp() {} }, undefined),
    refuse: () => answer(true, false),
    trace: () => [],
    done: () => stopWaiting(),
  };
}
