/**
 * The runtime that needs no key: it says the first line somebody wrote, and listens until silence, duration or a
 * hang-up ends the call. The line is synthesised before the call is answered, so that speech begins at once.
 */
import { planVariables, renderSpans, type SessionPlan } from '@pickup/core';
import type { AgentRuntime, PrepareResult } from '../port.ts';
import type { Clock, Log } from '../voice/port.ts';
import type { Speech, Spoken } from '../voice/sentence-cache.ts';
import { applyVolume } from './apply-volume.ts';
import { BuiltinSession } from './builtin-session.ts';
import { builtinSettings, honouredFields } from './builtin-settings.ts';
import { findOpening } from './find-opening.ts';

export interface BuiltinRuntimeOptions {
  readonly voice: Speech;
  readonly clock: Clock;
  readonly log: Log;
}

/** Within the 2 s of F4, with time left to say so. */
const PREPARE_LIMIT_MS = 1_900;

export function createBuiltinRuntime(options: BuiltinRuntimeOptions): AgentRuntime {
  const { clock, log } = options;
  return {
    name: 'built-in',
    honours: honouredFields,
    async prepare(plan, { sound, signal }) {
      const opening = findOpening(plan.engine);
      if (opening.kind === 'missing') return { ready: false, message: opening.message, missing: opening.missing };
      const settings = builtinSettings(plan);
      const template = opening.kind === 'says' ? opening.template : '';
      const spans = renderSpans(template, planVariables(plan, clock.wallMs()));
      const text = spans.map((span) => span.text).join('');
      const common = { sessionId: plan.session_id, settings, clock, log };
      // A line that its variables emptied is like an empty one.
      if (text.trim() === '') return { ready: true, session: new BuiltinSession(common) };
      if (!sound) return { ready: true, session: new BuiltinSession({ ...common, text }) };

      const startedMs = clock.monoMs();
      const { voice, speed } = settings;
      const spoken = await withinLimit(clock, signal, (limited) =>
        options.voice.speak({ spans, voice, speed, signal: limited }),
      );
      if (!spoken.ok) return silent(plan, spoken, log);
      const tookMs = clock.monoMs() - startedMs;
      log.info('session.speech', {
        session_id: plan.session_id,
        took_ms: tookMs,
        hits: spoken.hits,
        misses: spoken.misses,
      });
      const samples = applyVolume(spoken.samples, settings.volume);
      return { ready: true, session: new BuiltinSession({ ...common, text, samples }) };
    },
    async close() {},
  };
}

function silent(plan: SessionPlan, spoken: Extract<Spoken, { ok: false }>, log: Log): PrepareResult {
  log.warn('session.no_voice', { session_id: plan.session_id, error: spoken.error, message: spoken.message });
  return {
    ready: false,
    message: `The built-in voice could not say the first line: ${spoken.message}.`,
    missing: ['the built-in voice'],
  };
}

async function withinLimit(
  clock: Clock,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<Spoken>,
): Promise<Spoken> {
  const limit = new AbortController();
  const cancel = clock.after(PREPARE_LIMIT_MS, () => limit.abort());
  try {
    const spoken = await work(AbortSignal.any([signal, limit.signal]));
    if (spoken.ok || spoken.error !== 'aborted' || !limit.signal.aborted) return spoken;
    return { ok: false, error: 'timeout', message: `it took longer than ${PREPARE_LIMIT_MS} ms` };
  } finally {
    cancel();
  }
}
