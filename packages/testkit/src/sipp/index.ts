export { type RunSippOptions, runSipp, type SippResult } from './run-sipp.ts';
export { type BuiltinScenario, buildScenario } from './scenario.ts';
