/** Stores: the port's drivers. */
export { createMemoryData, createMemoryStore, type MemoryData } from './memory/index.ts';
export * from './port.ts';
