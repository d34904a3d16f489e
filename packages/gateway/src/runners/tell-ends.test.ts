import { expect, test } from 'vitest';
import { NOW } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { NewText, TextOpening } from '../stores/port.ts';
import { tellEnds } from './tell-ends.ts';

const arrivalOf = (id: string) => ({
  ...{ inbound_id: id, channel: 'sms', edge: 'simulator', from_number: '+1', to_number: '+2' },
  ...{ arrival_timestamp: NOW, session_id: `chat_${id}`, settings: {}, node_id: 'node', lease_until: NOW + 1 },
});
const text = (id: string, words: string) =>
  ({
    ...{ text_id: id, edge: 'simulator', provider_message_id: id, from_number: '+1', to_number: '+2' },
    ...{ text: words, arrival_timestamp: NOW },
  }) as NewText;
const opening = (id: string) => ({ arrival: arrivalOf(`inb_${id}`), facts: {} }) as unknown as TextOpening;

test('S16 each end is told once it is stored: of a call, of a decided text, of a word; and no end twice', async () => {
  let ends = 0;
  const store = tellEnds(createMemoryStore(), { ended: () => void ends++ });
  await store.openInbound({ ...arrivalOf('inb_call'), channel: 'call' } as never);
  const outcome = { outcome: 'declined', outcome_timestamp: NOW } as const;
  for (let nth = 0; nth < 2; nth++) await store.settleInbound({ inbound_id: 'inb_call', ...outcome });
  expect(ends).toBe(1);
  await store.storeText(text('t', 'Hi'), opening('t'));
  const decision = { inbound_id: 'inb_t', decided_timestamp: NOW, intended: 'declined', attempts: [] } as const;
  for (let nth = 0; nth < 2; nth++) {
    await store.settleTextInbound({
      ...{ pair: '+2|+1', silent: true, settlement: { inbound_id: 'inb_t', ...outcome } },
      decision: { ...decision, issues: [], steps: [] },
    });
  }
  expect(ends).toBe(2);
  await store.storeText(text('stop', 'STOP'), opening('stop'));
  const settlement = { inbound_id: 'inb_stop', outcome: 'opted_out', outcome_timestamp: NOW } as const;
  for (let nth = 0; nth < 2; nth++) await store.finishText({ text_id: 'stop', now: NOW, why: 'stop', settlement });
  expect(ends).toBe(3);
  // A text of a chat ends no inbound.
  await store.storeText(text('more', 'Hi'), opening('more'));
  await store.finishText({ text_id: 'more', now: NOW, why: 'answered' });
  expect(ends).toBe(3);
});
