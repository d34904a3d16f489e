/** Where two values of JSON differ first; the order of an object's members is no difference. */
import type { Json, JsonObject } from '@pickup/contract';

/** A place (RFC 6901) and what stands there on each side; undefined: nothing. */
export interface JsonDifference {
  readonly pointer: string;
  readonly first: Json | undefined;
  readonly second: Json | undefined;
}

/** Below this depth values are compared as text. */
const MOST_DEPTH = 64;

/** Undefined where they are the same. */
export function differenceOf(
  first: Json | undefined,
  second: Json | undefined,
  pointer = '',
  depth = 0,
): JsonDifference | undefined {
  if (first === second) return undefined;
  const here = { pointer, first, second };
  if (typeof first !== 'object' || typeof second !== 'object' || first === null || second === null) return here;
  if (Array.isArray(first) !== Array.isArray(second)) return here;
  if (depth > MOST_DEPTH) return JSON.stringify(first) === JSON.stringify(second) ? undefined : here;
  const [left, right] = [first as JsonObject, second as JsonObject];
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
    const found = differenceOf(memberOf(left, name), memberOf(right, name), `${pointer}/${token}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function memberOf(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
