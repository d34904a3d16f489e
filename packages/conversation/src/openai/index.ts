/** Models behind OpenAI's chat completions, whoever serves them. */
export { createOpenAiModel, type ModelClock, type ModelTimes, type OpenAiOptions } from './openai-model.ts';
