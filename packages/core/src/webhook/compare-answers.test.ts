import { expect, test } from 'vitest';
import type { AttemptResult } from '../inbound/event.ts';
import { compareAnswers } from './compare-answers.ts';

const at = { monoMs: 0, wallMs: 0 };
const common = { started: at, ended: at, phases: { total_ms: 1 }, resent: false };
const answered = (body: string, status = 200): AttemptResult => ({
  ...{ ...common, received: true, status, truncated: false },
  body: new TextEncoder().encode(body),
});
const lost: AttemptResult = { ...common, received: false, error: 'timeout', fault: 'endpoint', message: 'None.' };

test('B3 the same reply in another order is the same', () => {
  expect(compareAnswers(answered('{"a":1,"b":2}'), answered('{ "b": 2, "a": 1 }'))).toBeUndefined();
  expect(compareAnswers(answered(''), answered(''))).toBeUndefined();
  expect(compareAnswers(lost, lost)).toBeUndefined();
});

test.each([
  ['a value', answered('{"a":["x"]}'), answered('{"a":["y"]}'), '/a/0', '/a/0 was "x", then "y"'],
  ['a member', answered('{}'), answered('{"a":1}'), '/a', '/a was absent, then 1'],
  ['text', answered('no'), answered('{}'), '', 'the body was "no", then {}'],
  ['the status', answered('{}'), answered('{}', 409), '', '200 the first time, 409 the second'],
  ['none', answered('{}'), lost, '', 'the second time no answer came (timeout)'],
])('B3 a difference is told with its place: %s', (_, first, second, pointer, words) => {
  expect(compareAnswers(first, second)).toMatchObject({
    ...{ severity: 'warning', code: 'answers_differ', rule: 'B3', pointer },
    message: expect.stringContaining(`: ${words}.`),
  });
});

test('D1 JSON that nests without end is compared as text', () => {
  const deep = (end: string) => answered('['.repeat(60_000) + end);
  expect(compareAnswers(deep(''), deep(''))).toBeUndefined();
  expect(compareAnswers(answered('['.repeat(60_000) + ']'.repeat(60_000)), deep('1'))).toMatchObject({ pointer: '' });
});
