export { type BaresipOptions, type BaresipResult, runBaresip } from './run-baresip.ts';
