import { describeStore } from '../conformance.ts';
import { createMemoryData, createMemoryStore } from './index.ts';

describeStore('memory', async () => {
  const data = createMemoryData();
  return { a: createMemoryStore(data), b: createMemoryStore(data), close: async () => {} };
});
