/** What a chat's agent says, as far as it takes no model: flows of written sentences, and first lines. Pure. */

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

/** How the agent of a chat talks. */
export type ChatTalk =
  | { readonly kind: 'flow'; readonly graph: FlowGraph }
  /** Its first line is all that can be said; `needs` is what else it would take, for people. */
  | { readonly kind: 'first_line'; readonly template: string; readonly needs: string };

/** A session at one moment. */
export interface ChatMoment {
  /** With the variables that are in force now. */
  readonly plan: SessionPlan;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly now: number;
}

export interface ChatTurn {
  /** What the agent says, a message each. */
  readonly said: readonly string[];
  /** Where the conversation is then. */
  readonly state: JsonObject;
  /** The agent ended the chat: why, for the log. */
  readonly ended?: string;
  /** What it collected so far. */
  readonly collected: Readonly<Record<string, string>>;
}

/** Reasons named in one message. */
const MOST_REASONS = 5;
const NO_STATE: JsonObject = {};

/** How this engine talks in writing. */
export function talkOf(engine: SessionPlan['engine']): ChatTalk {
  const found = findFlow(engine);
  const runnability = found && canRunInWriting(found.graph);
  if (found && runnability?.runnable) return { kind: 'flow', graph: found.graph };
  const opening = findOpening(engine);
  const template = opening.kind === 'says' ? opening.template : '';
  if (engine.type === 'custom-llm') {
    return { kind: 'first_line', template, needs: 'its agent is a custom LLM, which takes a runtime that talks to it' };
  }
  if (!runnability || runnability.runnable) {
    return { kind: 'first_line', template, needs: 'its agent is a prompted LLM, which takes a model' };
  }
  const { missing } = runnability;
  const more = missing.length > MOST_REASONS ? [`and ${missing.length - MOST_REASONS} more`] : [];
  return { kind: 'first_line', template, needs: [...missing.slice(0, MOST_REASONS), ...more].join('; ') };
}

/** The beginning; where the user is to speak first, nothing is said. */
export function openChat(talk: ChatTalk, moment: ChatMoment): ChatTurn {
  const { plan } = moment;
  const userFirst = plan.engine.type !== 'custom-llm' && plan.engine.settings['start_speaker'] === 'user';
  if (talk.kind === 'flow') return userFirst ? turnOf(IDLE, []) : flowTurn(talk.graph, IDLE, { on: 'start' }, moment);
  const line = userFirst ? '' : renderTemplate(talk.template, variablesOf(moment));
  return { said: line.trim() === '' ? [] : [line], state: NO_STATE, collected: {} };
}

/** The user's message is a turn; where it was the user's to begin, it begins the flow instead. */
export function answerChat(graph: FlowGraph, state: JsonObject, text: string, moment: ChatMoment): ChatTurn {
  const before = state as unknown as FlowState;
  return flowTurn(graph, before, before.phase === 'idle' ? { on: 'start' } : { on: 'message', text }, moment);
}

/** The goodbye to a chat that fell silent, `auto_close_message`; undefined where none is set. */
export function closingLine(moment: ChatMoment): string | undefined {
  const template = moment.plan.agent['auto_close_message'];
  if (typeof template !== 'string') return undefined;
  const line = renderTemplate(template, variablesOf(moment));
  return line.trim() === '' ? undefined : line;
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
  return { said, state: state as unknown as JsonObject, collected: state.variables };
}

function variablesOf({ plan, now, startedAt }: ChatMoment) {
  return planVariables(plan, now, startedAt);
}
