/** Conversation flows of written sentences, keys and equations. */
export { canRunWithoutModel, type FlowRunnability } from './can-run.ts';
export type { FlowGraph } from './flow-graph.ts';
export { type FlowSettings, flowSettings, isDigit, nodeSettings } from './flow-settings.ts';
export type { FlowEffect, FlowEvent, FlowState, FlowTimer } from './flow-state.ts';
export { readFlow } from './read-flow.ts';
export { type FlowContext, type FlowStep, IDLE, stepFlow } from './step-flow.ts';
export { canRunInWriting, type TextTurn, takeTextTurn } from './text-turn.ts';
