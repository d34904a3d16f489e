/** What engines that ask a model have in common. */
export type { TalkEntry } from './entry.ts';
export { handOver } from './hand-over.ts';
export { linesOf, withEntries } from './history.ts';
export type * from './model.ts';
export { DEFAULT_MODEL, flowModel, llmModel } from './settings.ts';
export type {
  AskPurpose,
  TalkContext,
  TalkEngine,
  TalkEvent,
  TalkPhase,
  TalkState,
  TalkStep,
  TalkWish,
} from './step.ts';
export { FRESH_TALK, MAX_SAID } from './step.ts';
export type { CustomTool } from './tool.ts';
