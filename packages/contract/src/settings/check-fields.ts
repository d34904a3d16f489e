/** Field-by-field checking over any table of fields: settings groups and REST bodies alike. */
import type { z } from 'zod';
import type { Issue, Json, JsonObject } from '../inbound.ts';
import { faultsOf, forbiddenKey, unknownField, unknownInside } from './faults.ts';
import { type Field, type Fields, ruleTexts } from './field.ts';
import { fault, isForbiddenKey, pointerTo, warning } from './issue.ts';

/** How a table of fields is applied. */
export interface CheckFieldsOptions {
  readonly pointer: string;
  /** What stands before a field's name in messages: `agent.`; '' for a REST body. */
  readonly prefix: string;
  /** Ask for the required fields. */
  readonly complete: boolean;
  /** Leave out, with a warning, what cannot be overridden. Default false. */
  readonly overridableOnly?: boolean;
  /** Unknown fields are faults (`additionalProperties: false`). Default false: warnings. */
  readonly strict?: boolean;
  /** Names returned by the API that cannot be set; sent back, they are ignored with their own code. */
  readonly readOnly?: ReadonlySet<string>;
}

interface Place {
  readonly name: string;
  readonly pointer: string;
}

/** Names of the length nobody gives a field are cut in messages; pointers are exact. */
function placeOf(key: string, options: CheckFieldsOptions): Place {
  return { name: `${options.prefix}${key.slice(0, 100)}`, pointer: pointerTo(options.pointer, key) };
}

function schemaOf(of: Field, value: unknown): z.ZodType {
  return typeof of.schema === 'function' ? of.schema(value) : of.schema;
}

/** A webhook's reply may hold these lists, and each faulty entry costs microseconds of the main thread. */
const MAX_LIST_ENTRIES = 2000;

function checkField(of: Field, value: unknown, place: Place, issues: Issue[]): Json | undefined {
  if (value === null && of.nullable) return null;
  if (of.overridable && Array.isArray(value) && value.length > MAX_LIST_ENTRIES) {
    const message = `${place.name} must be a list of at most ${MAX_LIST_ENTRIES} entries.`;
    issues.push(fault({ code: 'too_long', pointer: place.pointer, message, allowed: { max_items: MAX_LIST_ENTRIES } }));
    return undefined;
  }
  const schema = schemaOf(of, value);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    issues.push(...faultsOf(schema, value, parsed.error, place));
    return undefined;
  }
  if (typeof value === 'object') unknownInside(schema, value, place, issues);
  return parsed.data as Json;
}

function strange(key: string, sent: unknown, fields: Fields, options: CheckFieldsOptions, found: number): Issue {
  const place = placeOf(key, options);
  if (isForbiddenKey(key)) return forbiddenKey(place);
  if (options.readOnly?.has(key) === true) {
    const [code, why] = options.overridableOnly
      ? ['not_overridable', 'cannot be overridden']
      : ['read_only', 'cannot be set'];
    return warning({ code, pointer: place.pointer, message: `${place.name} ${why} and was ignored.`, sent });
  }
  const unknown = unknownField(place, key, fields.keys(), sent, found);
  if (options.strict !== true) return unknown;
  const message = unknown.message.replace(' and was ignored.', '.');
  return { ...unknown, severity: 'error', effect: 'refuses', message };
}

function notOverridable(place: Place, sent: unknown): Issue {
  return warning({
    code: 'not_overridable',
    pointer: place.pointer,
    message: `${place.name} is a saved setting that an override cannot change and was ignored.`,
    sent,
  });
}

function missing(fields: Fields, value: object, options: CheckFieldsOptions): Issue[] {
  const issues: Issue[] = [];
  for (const [name, of] of fields) {
    if (!of.required || Object.hasOwn(value, name)) continue;
    const words = ruleTexts.get(schemaOf(of, undefined));
    const message = `${options.prefix}${name} is required: ${words?.must ?? 'a value'}.`;
    issues.push(fault({ code: 'required', pointer: options.pointer, message, allowed: words?.allowed }));
  }
  return issues;
}

/** Checks an object's members. `value` holds the known, well-formed ones; never throws. */
export function checkFields(fields: Fields, value: Record<string, unknown>, options: CheckFieldsOptions) {
  const issues: Issue[] = [];
  const kept: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const of = fields.get(key);
    if (of === undefined) issues.push(strange(key, value[key], fields, options, issues.length));
    else if (options.overridableOnly === true && !of.overridable)
      issues.push(notOverridable(placeOf(key, options), value[key]));
    else {
      const checked = checkField(of, value[key], placeOf(key, options), issues);
      if (checked !== undefined) kept[key] = checked;
    }
  }
  if (options.complete) issues.push(...missing(fields, value, options));
  return { value: kept as JsonObject, issues: issues as readonly Issue[] };
}
