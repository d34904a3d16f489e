/** Conversation flows that take a model. */
export { flowEngine } from './flow-engine.ts';
