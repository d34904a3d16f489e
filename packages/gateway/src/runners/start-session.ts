/** Starts the runtime for a plan, within the time a caller can be let wait for it (F4). */
import type { Issue } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import type { Log } from '../observe/index.ts';
import { notApplied } from '../sessions/not-applied.ts';
import type { AgentRuntime, PreparedSession } from '../sessions/port.ts';
import type { Clock } from './clock.ts';

/** Runtime start, at most (F4). */
const START_LIMIT_MS = 2_000;

export type StartedSession =
  /** `issues`: what the reply asked for and this runtime cannot do (E10), and what the session goes without (E5). */
  | { readonly ready: true; readonly session: PreparedSession; readonly issues: readonly Issue[] }
  | { readonly ready: false; readonly message: string };

/**
 * Calls `done` once, at the latest after 2 s; a session that is ready later is closed. The returned function gives the
 * session up: `done` is not called any more.
 */
export function startSession(
  deps: { readonly runtime: AgentRuntime; readonly clock: Clock; readonly log: Log },
  request: { readonly plan: SessionPlan; readonly sound: boolean },
  done: (started: StartedSession) => void,
): () => void {
  const { runtime, clock, log } = deps;
  const { plan, sound } = request;
  const aborter = new AbortController();
  const { signal } = aborter;
  const cancelLimit = clock.after(START_LIMIT_MS, () => {
    aborter.abort();
    done({ ready: false, message: 'it was not ready within 2 s' });
  });
  const prepare = async () => {
    const result = await runtime.prepare(plan, { sound, signal });
    if (signal.aborted) return result.ready ? result.session.close() : undefined;
    cancelLimit();
    if (!result.ready) return done({ ready: false, message: result.message });
    const issues = [...notApplied(plan, runtime.honours(plan), runtime.name), ...(result.issues ?? [])];
    done({ ready: true, session: result.session, issues });
  };
  prepare().catch((error: unknown) => {
    cancelLimit();
    if (signal.aborted) return;
    log.error('bug', { what: 'prepare', error });
    done({ ready: false, message: 'an internal error' });
  });
  return () => {
    cancelLimit();
    aborter.abort();
  };
}
