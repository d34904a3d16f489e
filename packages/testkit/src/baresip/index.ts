export type { BaresipKeys } from './baresip-keys.ts';
export { type BaresipOptions, type BaresipResult, runBaresip } from './run-baresip.ts';
export { startTextPhone, type TextPhone, type TextPhoneOptions } from './text-phone.ts';
