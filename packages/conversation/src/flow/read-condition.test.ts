import { expect, it } from 'vitest';
import { readCondition, readPressedKeys, readPrompt } from './read-condition.ts';

it.each([
  ['User pressed 1', ['1']],
  ['the caller has pressed the digit 4.', ['4']],
  ['If the user presses 2 or 3', ['2', '3']],
  ['Press 1, 2, or 3', ['1', '2', '3']],
  ['pressed "#"', ['#']],
  ['User enters star key', ['*']],
  ['press one', ['1']],
  ['Dialed 911', ['911']],
  ['0', ['0']],
])('"%s" names keys', (prompt, entries) => {
  expect(readPrompt(prompt)).toEqual({ kind: 'keys', entries });
});

it.each(['No input', 'User pressed nothing', 'no digits were entered', 'timeout'])('"%s" is silence', (prompt) => {
  expect(readPrompt(prompt)).toEqual({ kind: 'no_keys' });
});

it.each([
  'User wants 1 of the offers',
  'User pressed 1 and sounds angry',
  'User did not press 1',
  'User is older than 18',
  'Always',
  '',
  `press ${'1'.repeat(500)}`,
])('"%s" needs a model', (prompt) => {
  expect(readPrompt(prompt)).toEqual({ kind: 'prompt', text: prompt });
});

it.each([
  [undefined],
  [null],
  [7],
  [{ type: 'equation' }],
  [{ type: 'equation', equations: [] }],
  [{ type: 'equation', equations: [{ left: 'a', operator: '=~', right: 'b' }] }],
  [{ type: 'prompt' }],
])('%j is unreadable', (json) => {
  expect(readCondition(json)).toEqual({ kind: 'unreadable' });
});

it('an instruction to press names one row of keys, or needs a model', () => {
  expect(readPressedKeys('Press 12#')).toBe('12#');
  expect(readPressedKeys('press 1 or 2')).toBeUndefined();
  expect(readPressedKeys('Get to the billing department')).toBeUndefined();
});
