export { CHAT_AGENT_FIELDS, CHAT_TWINS, VOICE_AGENT_FIELDS } from './agent-fields.ts';
export * from './check-across.ts';
export * from './check-availability.ts';
export { checkFlow } from './check-flow.ts';
export * from './check-settings.ts';
export { FLOW_FIELDS, LLM_FIELDS } from './engine-fields.ts';
export type { Fields } from './field.ts';
export { fieldsSchema } from './fields-schema.ts';
export { nearestName } from './nearest.ts';
