/** Prompted LLMs. */
export { promptEngine } from './prompt-engine.ts';
