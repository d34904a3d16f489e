export type { BaresipKeys } from './baresip-keys.ts';
export { type BaresipOptions, type BaresipResult, runBaresip } from './run-baresip.ts';
