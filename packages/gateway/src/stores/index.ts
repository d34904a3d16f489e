/** Stores: the port's drivers. */
export { createMemoryData, createMemoryStore, type MemoryData } from './memory/index.ts';
export { BadPaginationKey } from './page.ts';
export * from './port.ts';
export {
  DatabaseTooNew,
  FolderInUse,
  openSqliteStore,
  type SqliteStoreOptions,
  type StoreClock,
  type StoreLog,
} from './sqlite/index.ts';
export { inspectLock, type LockFacts } from './sqlite/inspect-lock.ts';
export { type BoughtNumber, inspectStore, type StoreInspection, type WebhookInUse } from './sqlite/inspect-store.ts';
