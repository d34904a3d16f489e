/** Engines that answer a session, without the session: what to say, when to wait, where to go next. */
export * from './analysis/index.ts';
export * from './custom-llm/index.ts';
export * from './flow/index.ts';
export * from './flow-model/index.ts';
export * from './openai/index.ts';
export * from './prompt/index.ts';
export * from './talk/index.ts';
