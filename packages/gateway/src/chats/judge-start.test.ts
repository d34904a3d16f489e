import type { SessionPlan } from '@pickup/core';
import { expect, test } from 'vitest';
import { createRehearsedChat } from './judge-start.ts';
import type { ChatTalker } from './talker.ts';

const PLAN = { channel: 'chat', overridden: ['agent.voice_speed'], engine: { type: 'retell-llm', settings: {} } };
const plan = PLAN as unknown as SessionPlan;

function talker(over: Partial<ChatTalker>, entries: readonly { role: 'agent'; content: string }[] = []): ChatTalker {
  return {
    costly: true,
    open: async () => ({ ok: true, turn: { entries, state: {}, collected: {} } }),
    answer: async () => ({ ok: false, reason: 'never asked', retry: false }),
    ...over,
  };
}
const rehearse = (one: ChatTalker) => createRehearsedChat({ talkerOf: () => one, clock: { wallMs: () => 0 } })(plan);
const codesOf = (start: Awaited<ReturnType<typeof rehearse>>) =>
  start.ready ? start.issues.map(({ code }) => code) : start.message;

test('E10 an agent that can answer is not asked to: what of the override has no effect is said', async () => {
  const open = () => {
    throw new Error('asked');
  };
  expect(codesOf(await rehearse(talker({ open })))).toEqual(['not_honoured']);
});

test('F4 an agent that lacks its model says its first line, or cannot start', async () => {
  const first = [{ role: 'agent', content: 'Hello.' }] as const;
  expect(codesOf(await rehearse(talker({ missing: 'no key' }, first)))).toEqual(['not_honoured', 'first_line_only']);
  expect(codesOf(await rehearse(talker({ missing: 'no key' })))).toBe('no key');
});
