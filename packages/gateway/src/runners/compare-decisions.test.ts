import { expect, test } from 'vitest';
import { compareDecisions, type Decided } from './compare-decisions.ts';

const issue = {
  severity: 'warning',
  effect: 'ignored',
  code: 'unknown_field',
  rule: 'D9',
  pointer: '/call_inbound/a',
  message: 'a is unknown.',
} as const;
const decided: Decided = {
  outcome: 'connected',
  agent_id: 'agent_1',
  agent_version: 2,
  decision: ['attempt 1: 200 in 80 ms'],
  issues: [issue],
  reply: { call_inbound: { override_agent_id: 'agent_1', 'a/b': [1] } },
};

test('the same decision has no differences, however long it took', () => {
  expect(compareDecisions(decided, { ...decided, decision: ['attempt 1: 200 in 3 ms'] })).toEqual([]);
});

test('outcome, agent, each field of the reply and each issue are told', () => {
  const now: Decided = {
    outcome: 'declined',
    decision: [],
    issues: [{ ...issue, pointer: '/x' }],
    reply: { call_inbound: { 'a/b': [2], reject: true } },
  };
  expect(compareDecisions(decided, now)).toEqual([
    'outcome was "connected", is "declined"',
    'agent_id was "agent_1", is absent',
    'agent_version was 2, is absent',
    'reply /call_inbound/override_agent_id was "agent_1", is absent',
    'reply /call_inbound/a~1b/0 was 1, is 2',
    'reply /call_inbound/reject was absent, is true',
    'gone: warning /call_inbound/a a is unknown.',
    'new: warning /x a is unknown.',
  ]);
});

test('a reply with very many fields, or none, is told shortly', () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, 'x'.repeat(500)]));
  const { reply: _none, ...without } = decided;
  const told = compareDecisions({ ...decided, reply: {} }, { ...decided, reply: many });
  expect(told).toHaveLength(21);
  expect(told.at(-1)).toBe('reply: 280 more fields differ');
  expect(told[0]!.length).toBeLessThan(130);
  expect(compareDecisions({ ...decided, reply: {} }, without)).toEqual(['reply was {}, is absent']);
  expect(compareDecisions({ ...decided, reply: JSON.parse('{"__proto__":1}') }, { ...decided, reply: {} })).toEqual([
    'reply /__proto__ was 1, is absent',
  ]);
});
