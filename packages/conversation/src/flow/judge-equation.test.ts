import { lookupIn } from '@pickup/core';
import { expect, it } from 'vitest';
import type { EquationOperator } from './flow-graph.ts';
import { judgeEquation } from './judge-equation.ts';

const lookup = lookupIn({ age: '19', name: ' Anna ', empty: '', pin: '007', zip: '7' });

it.each<[string, EquationOperator, string, boolean]>([
  ['{{age}}', '==', '19', true],
  ['age', '==', '19', true],
  ['{{name}}', '==', 'Anna', true],
  ['{{pin}}', '==', '{{zip}}', false],
  ['{{pin}}', '>=', '{{zip}}', true],
  ['{{age}}', '!=', '19', false],
  ['{{nobody}}', '!=', '19', true],
  ['{{nobody}}', '==', '', false],
  ['{{empty}}', '==', '', true],
  ['{{age}}', '>', '18', true],
  ['{{age}}', '<', '18', false],
  ['{{age}}', '<=', '19', true],
  ['{{name}}', '>', '18', false],
  ['{{empty}}', '<', '18', false],
  ['{{nobody}}', '<', '18', false],
  ['{{name}}', 'contains', 'nn', true],
  ['{{name}}', 'not_contains', 'nn', false],
  ['{{nobody}}', 'contains', '', false],
  ['{{nobody}}', 'not_contains', 'x', true],
  ['{{age}}', 'exists', '', true],
  ['{{empty}}', 'exists', '', false],
  ['{{nobody}}', 'exists', '', false],
  ['{{nobody}}', 'not_exist', '', true],
  ['{{constructor}}', 'exists', '', false],
])('%s %s %s is %s', (left, operator, right, expected) => {
  expect(judgeEquation({ left, operator, right }, lookup)).toBe(expected);
});
