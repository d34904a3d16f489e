/** The envelope of a reply: ids, variables, metadata (D3–D6). A fault here makes the whole reply a bad one. */
import type { Issue, JsonObject } from '../inbound.ts';
import type { AgentVersionReference } from '../phone-number.ts';
import { forbiddenKey } from '../settings/faults.ts';
import { fault, isForbiddenKey, isObject, kindOf, pointerTo, warning } from '../settings/issue.ts';

/** D5: bytes of the variables' JSON in UTF-8, as strings. */
export const VARIABLES_MAX_BYTES = 64 * 1024;
/** D6: bytes of the metadata's JSON in UTF-8, without blanks. */
export const METADATA_MAX_BYTES = 50_000;
const MAX_DEPTH = 32;

/** A fault of the envelope: the reply counts as a failed webhook (E3). */
export function envelopeFault(text: Parameters<typeof fault>[0]): Issue {
  return fault(text, 'falls_back');
}

/** True when `value` nests deeper than `levels`; looks no deeper than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((entry) => isDeeperThan(entry, levels - 1));
  for (const key of Object.keys(value)) {
    if (isDeeperThan((value as Record<string, unknown>)[key], levels - 1)) return true;
  }
  return false;
}

/** Bytes of the text as UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** `override_agent_id`: a string; "" and null are absent (D4). */
export function readAgentId(value: unknown, pointer: string, issues: Issue[]): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  const message = `override_agent_id must be a string, not ${kindOf(value)}.`;
  issues.push(envelopeFault({ code: 'wrong_type', rule: 'D4', pointer, message, sent: value }));
  return undefined;
}

/**
 * `override_agent_version`: a number, tag, `latest`, `latest_published`; digits in a string are that number (D4).
 * A number that no version can have, such as -1, passes: it is an unknown version (E6), not a bad reply.
 */
export function readVersion(value: unknown, pointer: string, issues: Issue[]): AgentVersionReference | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') {
    const message = `override_agent_version must be a number, a tag, latest or latest_published, not ${kindOf(value)}.`;
    issues.push(envelopeFault({ code: 'wrong_type', rule: 'D4', pointer, message, sent: value }));
    return undefined;
  }
  if (!/^[0-9]+$/.test(value) || !Number.isSafeInteger(Number(value))) return value;
  const message = `override_agent_version was sent as a string and is read as the number ${Number(value)}.`;
  issues.push(warning({ code: 'version_as_string', pointer, message, sent: value }));
  return Number(value);
}

function readVariable(value: unknown, place: { name: string; pointer: string }, issues: Issue[]): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') {
    const message = `${place.name} must be a string; ${kindOf(value)} was turned into one.`;
    issues.push(warning({ code: 'variable_not_string', pointer: place.pointer, message, sent: value }));
    return String(value);
  }
  const message = `${place.name} must be a string, not ${kindOf(value)}.`;
  issues.push(envelopeFault({ code: 'wrong_type', rule: 'D5', pointer: place.pointer, message, sent: value }));
  return undefined;
}

/** `dynamic_variables`: strings; numbers and booleans become strings, null is absent, more is a fault (D5). */
export function readVariables(value: unknown, pointer: string, issues: Issue[]): Record<string, string> {
  const variables: Record<string, string> = {};
  if (value === undefined || value === null) return variables;
  if (!isObject(value)) {
    const message = `dynamic_variables must be an object of strings, not ${kindOf(value)}.`;
    issues.push(envelopeFault({ code: 'wrong_type', rule: 'D5', pointer, message, sent: value }));
    return variables;
  }
  let units = 2;
  for (const name of Object.keys(value)) {
    const place = { name: `dynamic_variables.${name.slice(0, 100)}`, pointer: pointerTo(pointer, name) };
    if (isForbiddenKey(name)) {
      issues.push(forbiddenKey(place));
      continue;
    }
    const text = readVariable(value[name], place, issues);
    if (text === undefined) continue;
    variables[name] = text;
    units += name.length + text.length + 6;
  }
  // An escape takes at most six bytes, so small objects need no measuring.
  if (units * 6 > VARIABLES_MAX_BYTES && utf8Length(JSON.stringify(variables)) > VARIABLES_MAX_BYTES) {
    const message = `dynamic_variables must not exceed ${VARIABLES_MAX_BYTES} bytes of JSON.`;
    issues.push(
      envelopeFault({ code: 'too_large', rule: 'D5', pointer, message, allowed: { max_bytes: VARIABLES_MAX_BYTES } }),
    );
  }
  return variables;
}

/** `metadata`: any object, kept as sent; at most 50,000 bytes of its JSON in UTF-8 (D6). */
export function readMetadata(value: unknown, pointer: string, issues: Issue[]): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    const message = `metadata must be an object, not ${kindOf(value)}.`;
    issues.push(envelopeFault({ code: 'wrong_type', rule: 'D6', pointer, message, sent: value }));
    return undefined;
  }
  if (isDeeperThan(value, MAX_DEPTH)) {
    issues.push(
      envelopeFault({ code: 'too_deep', pointer, message: `metadata nests deeper than ${MAX_DEPTH} levels.` }),
    );
    return undefined;
  }
  if (utf8Length(JSON.stringify(value)) > METADATA_MAX_BYTES) {
    const message = `metadata must not exceed ${METADATA_MAX_BYTES} bytes of JSON.`;
    issues.push(
      envelopeFault({ code: 'too_large', rule: 'D6', pointer, message, allowed: { max_bytes: METADATA_MAX_BYTES } }),
    );
    return undefined;
  }
  return value as JsonObject;
}
