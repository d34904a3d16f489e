/** Values taken out of a tool's JSON response by path: `data.items[0].name`, `$.id`. */
import { isFields, own } from '../flow/read-json.ts';

const STEP = /([^.[\]]+)|\[(\d+)\]/g;
const MAX_STEPS = 32;

/** Variables whose path leads somewhere; values that are no text are written as JSON. */
export function responseVariables(
  paths: Readonly<Record<string, string>>,
  response: string,
): Readonly<Record<string, string>> {
  if (Object.keys(paths).length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(response);
  } catch {
    return {};
  }
  const found: Record<string, string> = {};
  for (const [name, path] of Object.entries(paths)) {
    const value = valueAt(json, path);
    if (value !== undefined && value !== null && name !== '__proto__')
      found[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return found;
}

function valueAt(json: unknown, path: string): unknown {
  let value = json;
  const steps = [
    ...path
      .trim()
      .replace(/^\$\.?/, '')
      .matchAll(STEP),
  ].slice(0, MAX_STEPS);
  for (const [, name, index] of steps) {
    if (Array.isArray(value)) value = value[Number(index ?? name)];
    else if (isFields(value)) value = own(value, name ?? index ?? '');
    else return undefined;
  }
  return value;
}
