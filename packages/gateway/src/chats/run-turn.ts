/**
 * Runs one turn of an engine that asks a model: what it wishes for is fetched, until it rests. Nothing is stored on the
 * way; a turn that fails leaves no trace (K4), but functions it called have been called.
 */
import { createHash } from 'node:crypto';
import type { JsonObject } from '@pickup/contract';
import {
  handOver,
  linesOf,
  type ModelResult,
  type TalkContext,
  type TalkEngine,
  type TalkEntry,
  type TalkEvent,
  type TalkState,
  type TalkStep,
  type TalkWish,
} from '@pickup/conversation';
import type { SessionPlan, VariableLookup } from '@pickup/core';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import type { Store } from '../stores/port.ts';
import { callFunction, type FunctionDeps } from './call-function.ts';
import { variablesOf } from './chat-talk.ts';
import { mannersOf } from './manners.ts';
import type { ModelDirectory } from './model-directory.ts';
import type { ChatMoment, TurnResult } from './talker.ts';

/** A plan for another agent of the same chat, or why there is none, for the model. */
export type SwapAgent = (
  plan: SessionPlan,
  to: { readonly agentId: string; readonly version: string | number },
) => Promise<{ readonly plan: SessionPlan; readonly engine: TalkEngine } | { readonly why: string }>;

export interface TurnDeps extends FunctionDeps {
  readonly models: ModelDirectory;
  readonly store: Pick<Store, 'searchKnowledge'>;
  readonly swapAgent: SwapAgent;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest a turn may take in all; default 120,000. */
  readonly turnMs?: number;
}

export interface TurnStart {
  readonly engine: TalkEngine;
  readonly state: TalkState;
  readonly event: TalkEvent;
  readonly moment: ChatMoment;
  readonly signal: AbortSignal;
}

const TURN_MS = 120_000;
/** More than any turn takes: machines end by their own bounds, this is against a bug in one. */
const MAX_WISHES = 200;
const MAX_SWAPS = 3;

/** Never rejects but for bugs and a store that cannot be read. */
export async function runTurn(deps: TurnDeps, start: TurnStart): Promise<TurnResult> {
  const turn = new Turn(deps, start);
  try {
    return await turn.run(start);
  } finally {
    turn.close();
  }
}

type Fetched = { readonly event: TalkEvent } | { readonly failed: TurnResult & { readonly ok: false } };

class Turn {
  readonly #deps: TurnDeps;
  readonly #startedMs: number;
  readonly #deadlineMs: number;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #cancel: () => void;
  readonly #entries: TalkEntry[] = [];
  readonly #unable = new Set<string>();
  /** How often each call was made in this turn. */
  readonly #calls = new Map<string, number>();
  readonly #event: TalkEvent;
  readonly #use = { asked: 0, tries: 0, prompt: 0, completion: 0, functions: 0 };
  #engine: TalkEngine;
  #moment: ChatMoment;
  #swaps = 0;
  #model = '';

  constructor(deps: TurnDeps, { engine, event, moment, signal }: TurnStart) {
    this.#deps = deps;
    this.#event = event;
    this.#engine = engine;
    this.#moment = moment;
    const turnMs = deps.turnMs ?? TURN_MS;
    this.#startedMs = deps.clock.monoMs();
    this.#deadlineMs = this.#startedMs + turnMs;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
    this.#cancel = deps.clock.after(turnMs, () => this.#abort.abort());
  }

  async run({ state, event }: TurnStart): Promise<TurnResult> {
    let step = this.#step(state, event);
    for (let wishes = 0; step.wish !== undefined; wishes++) {
      if (wishes >= MAX_WISHES) throw new Error('a talk that never rests');
      if (step.wish.want === 'agent') {
        step = await this.#swap(step, step.wish);
        continue;
      }
      const fetched = await this.#fetch(step.wish, step.state);
      if ('failed' in fetched) return this.#tell(step, fetched.failed);
      step = this.#step(step.state, fetched.event);
    }
    const plan = this.#swaps > 0 ? { plan: this.#moment.plan } : {};
    const { state: rest, ended } = step;
    const turn = {
      entries: this.#entries,
      state: rest as unknown as JsonObject,
      collected: rest.variables,
      ...(ended !== undefined && { ended }),
      ...plan,
    };
    return this.#tell(step, { ok: true, turn });
  }

  close(): void {
    this.#cancel();
  }

  #step(state: TalkState, event: TalkEvent): TalkStep {
    const context: TalkContext = { lookup: variablesOf(this.#moment), manners: mannersOf(this.#moment.plan.agent) };
    const step = this.#engine.step(state, event, context);
    this.#entries.push(...step.entries);
    for (const what of step.unable) this.#unable.add(what);
    return step;
  }

  async #fetch(wish: Exclude<TalkWish, { want: 'agent' }>, state: TalkState): Promise<Fetched> {
    switch (wish.want) {
      case 'model':
        return this.#ask(wish);
      case 'knowledge': {
        const { baseIds, query, topK, filterScore } = wish;
        const options = { top_k: topK, filter_score: filterScore };
        const hits = await this.#deps.store.searchKnowledge(baseIds, query, options);
        return { event: { on: 'passages', passages: hits.map(({ text }) => text) } };
      }
      case 'tool':
        return this.#call(wish, state);
    }
  }

  async #ask({ request }: Extract<TalkWish, { want: 'model' }>): Promise<Fetched> {
    this.#model = request.model;
    const found = this.#deps.models.find(request.model);
    if ('missing' in found) return failed(found.missing, false);
    const result = await found.ask(request, this.#signal);
    this.#count(result);
    if (result.ok) return { event: { on: 'model', reply: result.reply } };
    const { chat_id } = this.#names();
    this.#deps.log.warn('model_failed', {
      chat_id,
      model: request.model,
      reason: result.reason,
      detail: result.detail,
    });
    return failed(result.reason, result.retry);
  }

  async #call({ tool, args }: Extract<TalkWish, { want: 'tool' }>, state: TalkState): Promise<Fetched> {
    this.#use.functions++;
    const own: VariableLookup = (name) => (Object.hasOwn(state.variables, name) ? state.variables[name] : undefined);
    const session = variablesOf(this.#moment);
    const result = await callFunction(this.#deps, {
      ...{ tool, args, deadlineMonoMs: this.#deadlineMs, signal: this.#signal },
      lookup: (name) => own(name) ?? session(name),
      callKey: this.#callKey(tool.name, args),
      chat: this.#chatObject(state),
    });
    if (this.#signal.aborted) return failed('the turn was given up', true);
    const { successful, status, error } = result;
    this.#deps.log.info('function_done', { ...this.#names(), function: tool.name, successful, status, error });
    return { event: { on: 'tool', content: result.content, successful } };
  }

  async #swap(step: TalkStep, { agentId, version }: Extract<TalkWish, { want: 'agent' }>): Promise<TalkStep> {
    const swapped =
      this.#swaps < MAX_SWAPS
        ? await this.#deps.swapAgent(this.#moment.plan, { agentId, version })
        : { why: 'Agents were swapped too often.' };
    if ('why' in swapped) return this.#step(step.state, { on: 'swap_failed', why: swapped.why });
    this.#swaps++;
    const { state, entries } = handOver(step.state);
    this.#entries.push(...entries);
    this.#engine = swapped.engine;
    this.#moment = { ...this.#moment, plan: swapped.plan };
    return this.#step(state, { on: 'taken_over' });
  }

  /**
   * A turn that died, or failed later on, makes its calls again: what tells one call from another is the chat, its turn,
   * what the turn answers, the function with its arguments, and of several alike the how manieth it is.
   */
  #callKey(name: string, args: unknown): string {
    const { plan, turn } = this.#moment;
    const alike = JSON.stringify([plan.session_id, turn, this.#event, name, args]);
    const nth = (this.#calls.get(alike) ?? 0) + 1;
    this.#calls.set(alike, nth);
    return `call_${createHash('sha256').update(`${alike} ${nth}`).digest('hex').slice(0, 32)}`;
  }

  /** As far as a turn knows it: what was said so far is in the transcript. */
  #chatObject(state: TalkState) {
    const { plan, startedAt } = this.#moment;
    return {
      chat_id: plan.session_id,
      chat_status: 'ongoing',
      agent_id: plan.agent_id,
      version: plan.agent_version,
      start_timestamp: startedAt,
      ...(plan.metadata && { metadata: plan.metadata }),
      retell_llm_dynamic_variables: plan.dynamic_variables,
      collected_dynamic_variables: state.variables,
      ...(plan.from_number !== '' && { from_number: plan.from_number, to_number: plan.to_number }),
      transcript: linesOf(state.history.filter(({ role }) => role === 'user' || role === 'agent')),
      message_with_tool_calls: state.history,
    };
  }

  #count(result: ModelResult): void {
    this.#use.asked++;
    this.#use.tries += result.tries;
    this.#use.prompt += result.use.prompt;
    this.#use.completion += result.use.completion;
  }

  #names() {
    const { session_id: chat_id, agent_id } = this.#moment.plan;
    return { chat_id, agent_id };
  }

  /** One wide event per turn. */
  #tell<R extends TurnResult>(step: TalkStep, result: R): R {
    const { asked, tries, prompt, completion, functions } = this.#use;
    this.#deps.log.info('chat_turn', {
      ...this.#names(),
      ok: result.ok,
      ...(!result.ok && { reason: result.reason, retry: result.retry }),
      took_ms: Math.round(this.#deps.clock.monoMs() - this.#startedMs),
      place: step.state.place,
      model: this.#model,
      ...{ asked, tries, prompt_tokens: prompt, completion_tokens: completion, functions, swaps: this.#swaps },
      ...(this.#unable.size > 0 && { not_applied: [...this.#unable].slice(0, 20) }),
    });
    return result;
  }
}

function failed(reason: string, retry: boolean): Fetched {
  return { failed: { ok: false, reason, retry } };
}
