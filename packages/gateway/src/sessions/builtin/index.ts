/** The runtime that needs no key. */
export { type BuiltinRuntimeOptions, createBuiltinRuntime } from './builtin-runtime.ts';
