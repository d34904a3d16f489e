/** What a chat's agent says where it takes no model: flows of written sentences, and first lines. */
import type { JsonObject } from '@pickup/contract';
import {
  canRunInWriting,
  type FlowContext,
  type FlowGraph,
  type FlowState,
  flowSettings,
  IDLE,
  takeTextTurn,
} from '@pickup/conversation';
import { planVariables, renderTemplate, type SessionPlan } from '@pickup/core';
import { findFlow } from '../sessions/builtin/find-flow.ts';
import { findOpening } from '../sessions/builtin/find-opening.ts';
import type { ChatMoment, ChatTalker, ChatTurn, TurnResult } from './talker.ts';

/** Reasons named in one message. */
const MOST_REASONS = 5;
const NO_STATE: JsonObject = {};

/** The flow of an engine where it can be walked without a model. */
export function writtenFlow(engine: SessionPlan['engine']): FlowGraph | undefined {
  const found = findFlow(engine);
  return found && canRunInWriting(found.graph).runnable ? found.graph : undefined;
}

/** Walks a flow of written sentences, keys and equations. */
export function flowTalker(graph: FlowGraph): ChatTalker {
  const done = (turn: ChatTurn): Promise<TurnResult> => Promise.resolve({ ok: true, turn });
  return {
    costly: false,
    open(moment) {
      if (userSpeaksFirst(moment.plan)) return done(turnOf(IDLE, []));
      return done(flowTurn(graph, IDLE, { on: 'start' }, moment));
    },
    answer(state, text, moment) {
      const before = state as unknown as FlowState;
      // The user's message is a turn; where it was the user's to begin, it begins the flow instead.
      return done(flowTurn(graph, before, before.phase === 'idle' ? { on: 'start' } : { on: 'message', text }, moment));
    },
  };
}

/** Says the first line; `needs` is what all else would take. */
export function firstLineTalker(engine: SessionPlan['engine'], needs: string): ChatTalker {
  const opening = findOpening(engine);
  const template = opening.kind === 'says' ? opening.template : '';
  return {
    missing: needs,
    costly: false,
    async open(moment) {
      const line = userSpeaksFirst(moment.plan) ? '' : renderTemplate(template, variablesOf(moment));
      const entries = line.trim() === '' ? [] : [{ role: 'agent' as const, content: line }];
      return { ok: true, turn: { entries, state: NO_STATE, collected: {} } };
    },
    answer: async () => ({ ok: false, reason: needs, retry: false }),
  };
}

/** Why a flow takes a model, for people. */
export function flowNeeds(engine: SessionPlan['engine']): string {
  const found = findFlow(engine);
  const runnability = found && canRunInWriting(found.graph);
  if (!runnability || runnability.runnable) return 'its flow takes a model';
  const { missing } = runnability;
  const more = missing.length > MOST_REASONS ? [`and ${missing.length - MOST_REASONS} more`] : [];
  return [...missing.slice(0, MOST_REASONS), ...more].join('; ');
}

/** The goodbye to a chat that fell silent, `auto_close_message`; undefined where none is set. */
export function closingLine(moment: ChatMoment): string | undefined {
  const template = moment.plan.agent['auto_close_message'];
  if (typeof template !== 'string') return undefined;
  const line = renderTemplate(template, variablesOf(moment));
  return line.trim() === '' ? undefined : line;
}

/** `start_speaker`. */
export function userSpeaksFirst({ engine }: SessionPlan): boolean {
  return engine.type !== 'custom-llm' && engine.settings['start_speaker'] === 'user';
}

/** Of the session at that moment. */
export function variablesOf({ plan, now, startedAt }: ChatMoment) {
  return planVariables(plan, now, startedAt);
}

function flowTurn(
  graph: FlowGraph,
  before: FlowState,
  event: Parameters<typeof takeTextTurn>[2],
  moment: ChatMoment,
): ChatTurn {
  const { plan } = moment;
  const beginMessage = plan.engine.type === 'custom-llm' ? undefined : plan.engine.settings['begin_message'];
  const context: FlowContext = {
    settings: flowSettings(plan.agent),
    lookup: variablesOf(moment),
    ...(typeof beginMessage === 'string' && { beginMessage }),
  };
  const { state, said, ended } = takeTextTurn(graph, before, event, context);
  return { ...turnOf(state, said), ...(ended !== undefined && { ended }) };
}

function turnOf(state: FlowState, said: readonly string[]): ChatTurn {
  const entries = said.map((content) => ({ role: 'agent' as const, content }));
  return { entries, state: state as unknown as JsonObject, collected: state.variables };
}
