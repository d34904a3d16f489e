import { expect, test } from 'vitest';
import { createInboundFeed } from '../observe/inbound-feed.ts';
import { silentLog } from '../observe/log.ts';
import { arrival } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import { tellEnds } from './tell-ends.ts';

test('E8 an end is told once it is stored, and only by the one that won', async () => {
  const feed = createInboundFeed({ log: silentLog });
  const store = tellEnds(createMemoryStore(), feed);
  await store.openInbound(arrival('inb_1'));
  expect(feed.ends).toBe(0);
  for (const outcome of ['declined', 'interrupted'] as const)
    await store.settleInbound({ inbound_id: 'inb_1', outcome, outcome_timestamp: 9 });
  expect(feed.ends).toBe(1);
});
