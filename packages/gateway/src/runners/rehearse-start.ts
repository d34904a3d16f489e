/** What the session of a plan would say of it, found by making it ready and letting it go again (F4, E10). */
import type { RehearsedStart, SessionPlan } from '@pickup/core';
import type { Log } from '../observe/index.ts';
import type { AgentRuntime } from '../sessions/port.ts';
import type { Clock } from './clock.ts';
import { startSession } from './start-session.ts';

/** `start` of a rehearsal: without sound, so that nothing is synthesised; nobody is connected. Never rejects. */
export function createRehearsedStart(deps: {
  readonly runtime: AgentRuntime;
  readonly clock: Clock;
  readonly log: Log;
}): (plan: SessionPlan) => Promise<RehearsedStart> {
  return (plan) =>
    new Promise((resolve) => {
      startSession(deps, { plan, sound: false }, (started) => {
        if (!started.ready) return resolve({ ready: false, message: started.message });
        started.session.close();
        resolve({ ready: true, runtime: deps.runtime.name, issues: started.issues });
      });
    });
}
