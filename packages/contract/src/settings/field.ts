/**
 * Building blocks of the rule set. A zod schema checks one field and nothing across fields:
 * an object-level `refine` is skipped as soon as a sibling has a type fault, so rules across fields
 * are plain functions (check-across.ts). Every schema carries its rule in words for the messages.
 */
import { z } from 'zod';
import type { Json } from '../inbound.ts';

/** What a schema asks for, in words that follow "must be", and the values it allows. */
export interface RuleText {
  readonly must: string;
  readonly allowed?: Json;
}

/** Rule texts by schema. */
export const ruleTexts = new WeakMap<object, RuleText>();

/** One field of a group. */
export interface Field {
  /** The schema, or for a union the branch that fits the value ("Invalid input" helps nobody). */
  readonly schema: z.ZodType | ((value: unknown) => z.ZodType);
  readonly nullable: boolean;
  /** May stand in `agent_override`; false: a field of create and update only. */
  readonly overridable: boolean;
  /** Must be there on create. */
  readonly required: boolean;
}

/** The fields of one group by name. A Map: `constructor` and `__proto__` are no fields. */
export type Fields = ReadonlyMap<string, Field>;

type FieldSpec = Field['schema'];

/** An overridable field that cannot be null. */
export function field(schema: FieldSpec): Field {
  return { schema, nullable: false, overridable: true, required: false };
}

/** An overridable field that null clears. */
export function nullable(schema: FieldSpec): Field {
  return { schema, nullable: true, overridable: true, required: false };
}

/** A field of create and update that an override cannot touch. */
export function savedOnly(of: Field): Field {
  return { ...of, overridable: false };
}

/** A field that create asks for. */
export function required(of: Field): Field {
  return { ...of, required: true };
}

function worded<T extends z.ZodType>(schema: T, must: string, allowed?: Json): T {
  ruleTexts.set(schema, allowed === undefined ? { must } : { must, allowed });
  return schema;
}

/** Bounds of a number; `above` is exclusive. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly unit?: string;
}

function rangeWords(range: Range): string {
  const unit = range.unit === undefined ? '' : ` ${range.unit}`;
  if (range.min !== undefined && range.max !== undefined) return ` from ${range.min} to ${range.max}${unit}`;
  if (range.above !== undefined) return ` above ${range.above}${unit}`;
  if (range.min !== undefined) return ` of at least ${range.min}${unit}`;
  return '';
}

function bounded(base: z.ZodNumber, noun: string, range: Range): z.ZodNumber {
  let schema = base;
  const allowed: Record<string, Json> = {};
  if (range.min !== undefined) {
    schema = schema.min(range.min);
    allowed['minimum'] = range.min;
  }
  if (range.max !== undefined) {
    schema = schema.max(range.max);
    allowed['maximum'] = range.max;
  }
  if (range.above !== undefined) {
    schema = schema.gt(range.above);
    allowed['exclusive_minimum'] = range.above;
  }
  const hasBounds = Object.keys(allowed).length > 0;
  return worded(schema, `${noun}${rangeWords(range)}`, hasBounds ? allowed : undefined);
}

/** A finite number. */
export function number(range: Range = {}): z.ZodNumber {
  return bounded(z.number(), 'a number', range);
}

/** A whole number. */
export function integer(range: Range = {}): z.ZodNumber {
  return bounded(z.int(), 'a whole number', range);
}

/** A string of at most `max` UTF-16 units. */
export function text(max?: number): z.ZodString {
  if (max === undefined) return worded(z.string(), 'a string');
  return worded(z.string().max(max), `a string of at most ${max} characters`, { max_length: max });
}

/** A string with at least one character. */
export function nonEmptyText(): z.ZodString {
  return worded(z.string().min(1), 'a non-empty string', { min_length: 1 });
}

/** `true` or `false`. */
export function flag(): z.ZodBoolean {
  return worded(z.boolean(), 'true or false', [true, false]);
}

const LONG_LIST = 20;

/** One of a closed list. */
export function choice(values: readonly string[]): z.ZodType {
  const shown =
    values.length > LONG_LIST ? `${values.slice(0, 3).join(', ')}… (${values.length} values)` : values.join(', ');
  const must = values.length === 1 ? JSON.stringify(values[0]) : `one of ${shown}`;
  return worded(z.enum([...values]), must, values);
}

/** Exactly this string: the `type` of a union's member. */
export function tag<const T extends string>(value: T): z.ZodLiteral<T> {
  return worded(z.literal(value), JSON.stringify(value), [value]);
}

function reportRepeats(values: readonly unknown[], context: z.RefinementCtx): void {
  const seen = new Set<unknown>();
  values.forEach((value, index) => {
    if (seen.has(value))
      context.addIssue({ code: 'custom', path: [index], params: { code: 'duplicate' }, message: 'must not repeat' });
    seen.add(value);
  });
}

/** A list. `min` entries at least, `unique` without doubles. */
export function list(element: z.ZodType, options: { readonly min?: number; readonly unique?: true } = {}): z.ZodType {
  const of = ruleTexts.get(element)?.must ?? 'values';
  const words = `a list, each entry ${of}`;
  const base = options.min === undefined ? z.array(element) : z.array(element).min(options.min);
  const schema: z.ZodType = options.unique === true ? base.superRefine(reportRepeats) : base;
  const allowed = ruleTexts.get(element)?.allowed;
  return worded(
    schema,
    options.min === undefined ? words : `a list of at least ${options.min}, each entry ${of}`,
    allowed,
  );
}

/** An object with these members; others are reported and left out. */
export function shape(members: Record<string, z.ZodType>): z.ZodObject {
  return worded(z.object(members), `an object with ${Object.keys(members).join(', ')}`);
}

/** A member that may be absent; undefined is not absent. */
export function optional(schema: z.ZodType): z.ZodType {
  return z.exactOptional(schema);
}

/** A member that may be null. */
export function orNull(schema: z.ZodType): z.ZodType {
  const words = ruleTexts.get(schema);
  const wrapped = z.nullable(schema);
  return words === undefined ? wrapped : worded(wrapped, `${words.must}, or null`, words.allowed);
}

/** An object whose `type` says which of the shapes it has. */
export function byType(members: readonly [z.ZodObject, ...z.ZodObject[]]): z.ZodType {
  const schema = z.discriminatedUnion('type', members as unknown as [z.ZodObject, ...z.ZodObject[]]);
  const types = members.map((member) => [...((member.shape['type'] as z.ZodLiteral).values ?? [])].join(''));
  return worded(schema, `an object whose type is one of ${types.join(', ')}`, types);
}

/** A map of strings. */
export function stringMap(): z.ZodType {
  return worded(z.record(z.string(), z.string()), 'an object of strings');
}

/** An object kept as it was sent, of which only these members are checked. */
export function envelope(members: Record<string, z.ZodType>): z.ZodObject {
  const names = Object.keys(members).join(', ');
  return worded(z.looseObject(members), names === '' ? 'an object' : `an object with ${names}`);
}

/** A string that passes a test of its own. */
export function checkedText(must: string, test: (value: string) => boolean): z.ZodType {
  const schema = z.string().superRefine((value, context) => {
    if (!test(value)) context.addIssue({ code: 'custom', params: { code: 'bad_format' }, message: must });
  });
  return worded(schema, must);
}
