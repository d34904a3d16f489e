/** The REST API. */
export { createApi } from './create-api.ts';
export type { ApiCaller, ApiDeps, UrlUse, UrlVerdict } from './deps.ts';
