/** Where two values of JSON differ; the order of an object's members is no difference. */
import type { Json, JsonObject } from '../inbound.ts';
import { pointerTo } from '../settings/issue.ts';

/** A place (RFC 6901) and what stands there on each side; undefined: nothing. */
export interface JsonDifference {
  readonly pointer: string;
  readonly first: Json | undefined;
  readonly second: Json | undefined;
}

/**
 * Each place, in order; none where they are the same. Recurses as deep as the values nest: for replies, which are
 * bounded (D1).
 */
export function* jsonDifferences(
  first: Json | undefined,
  second: Json | undefined,
  pointer = '',
): Generator<JsonDifference, void, undefined> {
  if (first === second) return;
  if (!isNested(first) || !isNested(second) || Array.isArray(first) !== Array.isArray(second)) {
    yield { pointer, first, second };
    return;
  }
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    yield* jsonDifferences(memberOf(first, name), memberOf(second, name), pointerTo(pointer, name));
  }
}

/** An object, or a list, whose places are names too. */
function isNested(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function memberOf(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
