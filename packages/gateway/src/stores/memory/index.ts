/** A complete Store without a disk: for tests of runners and of the API, and nothing else. */
import type { Store } from '../port.ts';
import { createMemoryCalls, createMemorySlots } from './calls.ts';
import { createMemoryChats } from './chats.ts';
import { createMemoryConfig } from './config.ts';
import { createMemoryData, type MemoryData } from './data.ts';
import { createMemoryEvents } from './events.ts';
import { createMemoryInbounds } from './inbounds.ts';
import { createMemoryJobs } from './jobs.ts';
import { createMemoryAudit, createMemoryKeys } from './keys.ts';
import { createMemoryKnowledge } from './knowledge.ts';
import { createMemoryPurchases } from './purchases.ts';
import { createMemoryTexts } from './texts.ts';

export { createMemoryData, type MemoryData } from './data.ts';

/** Stores made over the same data behave as connections to one database. */
export function createMemoryStore(data: MemoryData = createMemoryData()): Store {
  return {
    ...createMemoryInbounds(data),
    ...createMemoryCalls(data),
    ...createMemoryChats(data),
    ...createMemorySlots(data),
    ...createMemoryConfig(data),
    ...createMemoryKnowledge(data.knowledge),
    ...createMemoryKeys(data),
    ...createMemoryAudit(data),
    ...createMemoryEvents(data),
    ...createMemoryJobs(data),
    ...createMemoryTexts(data),
    ...createMemoryPurchases(data),
    async close() {},
  };
}
