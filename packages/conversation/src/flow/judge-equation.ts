/** Equations over variables: text is compared as text, larger and smaller as numbers. */
import { renderTemplate, type VariableLookup } from '@pickup/core';
import type { Equation } from './flow-graph.ts';

/**
 * Never throws. A variable nobody has makes `==`, `>`, `<`, `contains` and `exists` false, and `!=`, `not_contains`
 * and `not_exist` true; an empty one does not exist.
 */
export function judgeEquation(equation: Equation, lookup: VariableLookup): boolean {
  const left = sideValue(equation.left, lookup);
  const right = sideValue(equation.right, lookup) ?? '';
  switch (equation.operator) {
    case 'exists':
      return left !== undefined && left !== '';
    case 'not_exist':
      return left === undefined || left === '';
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case 'contains':
      return left?.includes(right) ?? false;
    case 'not_contains':
      return !(left?.includes(right) ?? false);
    case '>':
      return numbers(left, right, (a, b) => a > b);
    case '>=':
      return numbers(left, right, (a, b) => a >= b);
    case '<':
      return numbers(left, right, (a, b) => a < b);
    case '<=':
      return numbers(left, right, (a, b) => a <= b);
  }
}

/** A side rendered and trimmed; a name without braces means that variable, where there is one. */
function sideValue(side: string, lookup: VariableLookup): string | undefined {
  const written = side.trim();
  const named = /^[A-Za-z_][\w.-]*$/.test(written) ? lookup(written) : undefined;
  if (named !== undefined) return named.trim();
  const rendered = renderTemplate(written, lookup).trim();
  return /^\{\{[^{}]*\}\}$/.test(rendered) ? undefined : rendered;
}

function numbers(left: string | undefined, right: string, compare: (a: number, b: number) => boolean): boolean {
  if (!left || !right) return false;
  const [a, b] = [Number(left), Number(right)];
  return Number.isFinite(a) && Number.isFinite(b) && compare(a, b);
}
