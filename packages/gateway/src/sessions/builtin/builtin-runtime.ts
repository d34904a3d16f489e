/**
 * The runtime that needs no key: it walks flows of written sentences, and of any other engine it says the first line
 * somebody wrote, and listens. The first sentence is synthesised before the call is answered, so that speech begins
 * at once.
 */

import type { Issue } from '@pickup/contract';
import { type FlowContext, type FlowGraph, flowSettings, IDLE, stepFlow } from '@pickup/conversation';
import { planVariables, renderSpans, type SessionPlan } from '@pickup/core';
import type { AgentRuntime, PrepareResult } from '../port.ts';
import type { Clock, Log } from '../voice/port.ts';
import type { SpeakRequest, Speech, Spoken } from '../voice/sentence-cache.ts';
import { applyVolume } from './apply-volume.ts';
import { BuiltinSession } from './builtin-session.ts';
import { type BuiltinSettings, builtinSettings, honouredFields, voiceIssues } from './builtin-settings.ts';
import { flowIssues, runnableFlow } from './find-flow.ts';
import { findOpening } from './find-opening.ts';
import { FlowTalk, firstSay, type SaySamples } from './flow-talk.ts';
import { OneLineTalk } from './one-line-talk.ts';
import type { Talk } from './talk.ts';

export interface BuiltinRuntimeOptions {
  readonly voice: Speech;
  readonly clock: Clock;
  readonly log: Log;
}

/** Within the 2 s of F4, with time left to say so. */
const PREPARE_LIMIT_MS = 1_900;
const NO_SAMPLES = new Int16Array(0);

type Prepared = { readonly talk?: Talk } | { readonly failed: Extract<Spoken, { ok: false }> };
type PrepareOptions = { readonly sound: boolean; readonly signal: AbortSignal };

export function createBuiltinRuntime(options: BuiltinRuntimeOptions): AgentRuntime {
  return {
    name: 'built-in',
    honours: honouredFields,
    async prepare(plan, prepareOptions) {
      const preparation = new Preparation(options, plan, prepareOptions);
      const flow = runnableFlow(plan.engine);
      if (flow) return preparation.done(await preparation.flow(flow), []);
      const opening = findOpening(plan.engine);
      if (opening.kind === 'missing') return { ready: false, message: opening.message, missing: opening.missing };
      const line = await preparation.line(opening.kind === 'says' ? opening.template : '');
      return preparation.done(line, flowIssues(plan.engine));
    },
    async close() {},
  };
}

/** One session being made ready. */
class Preparation {
  readonly #settings: BuiltinSettings;
  readonly #runtime: BuiltinRuntimeOptions;
  readonly #plan: SessionPlan;
  readonly #options: PrepareOptions;

  constructor(runtime: BuiltinRuntimeOptions, plan: SessionPlan, options: PrepareOptions) {
    this.#runtime = runtime;
    this.#plan = plan;
    this.#options = options;
    this.#settings = builtinSettings(plan);
  }

  done(prepared: Prepared, issues: readonly Issue[]): PrepareResult {
    const { clock, log } = this.#runtime;
    if ('failed' in prepared) return silent(this.#plan, prepared.failed, log);
    const sessionId = this.#plan.session_id;
    const session = new BuiltinSession({ ...prepared, sessionId, settings: this.#settings, clock, log });
    const all = [...voiceIssues(this.#plan), ...issues];
    return { ready: true, session, ...(all.length > 0 && { issues: all }) };
  }

  async line(template: string): Promise<Prepared> {
    const spans = renderSpans(template, planVariables(this.#plan, this.#runtime.clock.wallMs()));
    const text = spans.map((span) => span.text).join('');
    // A line that its variables emptied is like an empty one.
    if (text.trim() === '') return {};
    if (!this.#options.sound) return { talk: new OneLineTalk(text, NO_SAMPLES) };
    const spoken = await this.#speakFirst({ spans, speed: this.#settings.speed });
    return spoken.ok ? { talk: new OneLineTalk(text, spoken.samples) } : { failed: spoken };
  }

  async flow(flow: FlowGraph): Promise<Prepared> {
    const { voice, clock, log } = this.#runtime;
    const settings = this.#settings;
    const context = this.#flowContext();
    const first = stepFlow(flow, IDLE, { on: 'start' }, context());
    const say = firstSay(first);
    const spoken =
      say && this.#options.sound
        ? await this.#speakFirst({ spans: say.spans, speed: say.speed ?? settings.speed })
        : undefined;
    if (spoken && !spoken.ok) return { failed: spoken };
    const synthesise: SaySamples = async ({ spans, speed = settings.speed }, signal) => {
      const said = await voice.speak({ spans, voice: settings.voice, speed, signal });
      return said.ok ? { ok: true, samples: applyVolume(said.samples, settings.volume) } : said;
    };
    const sessionId = this.#plan.session_id;
    const common = { sessionId, flow, first, context, synthesise, clock, log };
    return { talk: new FlowTalk(spoken ? { ...common, firstSamples: spoken.samples } : common) };
  }

  /** An override's begin message takes the place of the start node's sentence. */
  #flowContext(): () => FlowContext {
    const { engine, agent } = this.#plan;
    const settings = flowSettings(agent);
    const beginMessage = engine.type === 'custom-llm' ? undefined : engine.settings['begin_message'];
    const fixed = { settings, ...(typeof beginMessage === 'string' && { beginMessage }) };
    return () => ({ ...fixed, lookup: planVariables(this.#plan, this.#runtime.clock.wallMs()) });
  }

  async #speakFirst(request: Pick<SpeakRequest, 'spans' | 'speed'>): Promise<Spoken> {
    const { clock, log, voice } = this.#runtime;
    const startedMs = clock.monoMs();
    const spoken = await withinLimit(clock, this.#options.signal, (signal) =>
      voice.speak({ ...request, voice: this.#settings.voice, signal }),
    );
    if (!spoken.ok) return spoken;
    const { hits, misses } = spoken;
    log.info('session.speech', {
      session_id: this.#plan.session_id,
      took_ms: clock.monoMs() - startedMs,
      hits,
      misses,
    });
    return { ...spoken, samples: applyVolume(spoken.samples, this.#settings.volume) };
  }
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
