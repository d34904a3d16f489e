/** Request bodies: JSON without prototype keys and of bounded depth. */
import { apiError } from '@pickup/contract';
import { ApiFailure, invalid } from './failure.ts';

/** Deeper than any real conversation flow, far from where JSON.stringify would give up. */
const DEEPEST = 100;

/** Keys that reach prototypes: no body may have them. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Parses a body; an empty one is undefined. Throws ApiFailure. */
export function parseJsonBody(text: string): unknown {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiFailure(apiError('invalid_json'));
  }
  walk(value);
  return value;
}

/** Level by level, so that depth costs no stack. */
function walk(root: unknown): void {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) throw invalid(`the request body nests deeper than ${DEEPEST}.`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      if (!Array.isArray(value)) refuseForbidden(value);
      for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) next.push(inner);
    }
    level = next;
  }
}

function refuseForbidden(value: object): void {
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw invalid(`the request body must not have a key ${key}.`);
  }
}
