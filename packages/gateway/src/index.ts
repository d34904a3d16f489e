/** The gateway, for those who run it in a process of their own. */
export { type ExamineOptions, examine, type NamedFinding } from './doctor/index.ts';
export type { ListedKey } from './keys/index.ts';
export { type RunningGateway, type ServeOptions, serve } from './main.ts';
export { createLog, type Log } from './observe/index.ts';
export { rehearseWebhook, type WebhookRehearsal } from './rehearsal/rehearse-webhook.ts';
export { SAMPLE_AGENT, SAMPLE_NUMBER } from './samples/load-sample-data.ts';
