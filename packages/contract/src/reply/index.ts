export { METADATA_MAX_BYTES, VARIABLES_MAX_BYTES } from './envelope.ts';
export * from './fit-to-target.ts';
export { type JsonDifference, jsonDifferences } from './json-differences.ts';
export * from './judged-reply.ts';
export * from './lint-body.ts';
export * from './lint-reply.ts';
export * from './parse-body.ts';
export { locateInJson, type TextPlace } from './scan-json.ts';
export { type AgentUrl, httpUrlOf, type UrlCheck, urlsOf } from './webhook-url.ts';
