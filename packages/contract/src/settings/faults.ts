/** zod's issues told in our words: the field, the rule, the values allowed and what was sent. */
import { z } from 'zod';
import type { Issue, Json } from '../inbound.ts';
import { ruleTexts } from './field.ts';
import { fault, isForbiddenKey, isObject, kindOf, MAX_ISSUES, pointerTo, warning } from './issue.ts';
import { didYouMean, type Hint } from './nearest.ts';

type Path = readonly PropertyKey[];

function bare(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodExactOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

function member(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | undefined {
  const type = isObject(value) ? value['type'] : undefined;
  const options = union.options as readonly z.ZodObject[];
  return options.find((option) => (option.shape['type'] as z.ZodLiteral).values.has(type as string));
}

function childSchema(schema: z.ZodType, value: unknown, key: PropertyKey): z.ZodType | undefined {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
  const object = inner instanceof z.ZodDiscriminatedUnion ? member(inner, value) : inner;
  return object instanceof z.ZodObject ? (object.shape as Record<string, z.ZodType>)[String(key)] : undefined;
}

/** The schema and value a path leads to; the words of an outer schema serve where an inner one has none. */
function follow(schema: z.ZodType, value: unknown, path: Path) {
  let at: z.ZodType | undefined = schema;
  let sent = value;
  let present = true;
  let words = ruleTexts.get(schema);
  for (const key of path) {
    at = at === undefined ? undefined : childSchema(at, sent, key);
    present = typeof sent === 'object' && sent !== null && Object.hasOwn(sent, key);
    sent = present ? (sent as Record<PropertyKey, unknown>)[key] : undefined;
    words = at === undefined ? undefined : (ruleTexts.get(at) ?? ruleTexts.get(bare(at)));
  }
  return { sent, present, words };
}

const CODES: Readonly<Record<string, string>> = {
  invalid_value: 'not_allowed_value',
  invalid_union: 'not_allowed_value',
  invalid_key: 'wrong_type',
  invalid_element: 'wrong_type',
  invalid_format: 'bad_format',
};

function sizeCode(origin: string, code: 'too_small' | 'too_big'): string {
  if (origin === 'string' || origin === 'array') return code === 'too_small' ? 'too_short' : 'too_long';
  return 'out_of_range';
}

function codeOf(raw: z.core.$ZodIssue, sent: unknown, present: boolean): string {
  if (!present) return 'required';
  if (sent === null) return 'not_nullable';
  if (raw.code === 'invalid_type')
    return raw.expected === 'int' && typeof sent === 'number' ? 'not_an_integer' : 'wrong_type';
  if (raw.code === 'too_small' || raw.code === 'too_big') return sizeCode(raw.origin, raw.code);
  if (raw.code === 'custom') return String(raw.params?.['code'] ?? 'invalid');
  if (raw.code === 'invalid_value' && typeof sent !== 'string') return 'wrong_type';
  return CODES[raw.code] ?? 'invalid';
}

function spell(name: string, path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    name,
  );
}

function messageOf(where: string, code: string, must: string, sent: unknown): string {
  if (code === 'required') return `${where} is required: ${must}.`;
  if (code === 'not_nullable') return `${where} cannot be null; it must be ${must}.`;
  if (code === 'duplicate') return `${where} repeats an entry; entries must differ.`;
  if (code === 'wrong_type') return `${where} must be ${must}, not ${kindOf(sent)}.`;
  return `${where} must be ${must}.`;
}

/** The allowed value that a mistyped one most likely means. */
function hintOf(code: string, sent: unknown, allowed: Json | undefined, found: number): Hint {
  if (code !== 'not_allowed_value' || typeof sent !== 'string' || !Array.isArray(allowed)) return { hint: '' };
  return didYouMean(
    sent,
    allowed.filter((value) => typeof value === 'string'),
    found,
  );
}

/** What a field is called and where it stands. */
export interface FieldPlace {
  readonly name: string;
  readonly pointer: string;
}

/** One issue per zod issue. A missing member is pointed at by its parent, so that every pointer resolves. */
export function faultsOf(schema: z.ZodType, value: unknown, error: z.ZodError, place: FieldPlace): Issue[] {
  // One over the limit, so that the cut is still noticed.
  return error.issues.slice(0, MAX_ISSUES + 1).map((raw, index) => {
    const found = follow(schema, value, raw.path);
    // A discriminator nobody knows: zod points at `type`, whose rule only the union knows.
    const outer = raw.code === 'invalid_union' ? follow(schema, value, raw.path.slice(0, -1)) : found;
    const unionWords = raw.code === 'invalid_union' ? outer.words?.allowed : undefined;
    const code = codeOf(raw, found.sent, found.present);
    const must = Array.isArray(unionWords) ? `one of ${unionWords.join(', ')}` : (found.words?.must ?? 'valid');
    const allowed = unionWords ?? found.words?.allowed;
    const { hint, nearest } = hintOf(code, found.sent, allowed, index);
    const pointed = found.present ? raw.path : raw.path.slice(0, -1);
    return fault({
      code,
      pointer: pointerTo(place.pointer, ...pointed.map((key) => (typeof key === 'number' ? key : String(key)))),
      message: `${messageOf(spell(place.name, raw.path), code, must, found.sent)}${hint}`,
      allowed,
      sent: found.present ? found.sent : outer.sent,
      nearest,
    });
  });
}

/** Names inside a well-formed value that its schema does not know: zod drops them without a word. */
export function unknownInside(schema: z.ZodType, value: unknown, place: FieldPlace, issues: Issue[]): void {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    value.forEach((entry, index) => {
      unknownInside(
        inner.element as z.ZodType,
        entry,
        { name: `${place.name}[${index}]`, pointer: pointerTo(place.pointer, index) },
        issues,
      );
    });
    return;
  }
  const object = inner instanceof z.ZodDiscriminatedUnion ? member(inner, value) : inner;
  if (!(object instanceof z.ZodObject) || !isObject(value)) return;
  const members = object.shape as Record<string, z.ZodType>;
  for (const key of Object.keys(value)) {
    const inside = { name: `${place.name}.${key.slice(0, 100)}`, pointer: pointerTo(place.pointer, key) };
    if (Object.hasOwn(members, key)) unknownInside(members[key]!, value[key], inside, issues);
    else if (isForbiddenKey(key)) issues.push(forbiddenKey(inside));
    else if (object.def.catchall === undefined)
      issues.push(unknownField(inside, key, Object.keys(members), value[key], issues.length));
  }
}

/** The warning for `__proto__` and its like (D9). */
export function forbiddenKey(place: FieldPlace): Issue {
  return warning({
    code: 'forbidden_key',
    pointer: place.pointer,
    message: `${place.name} is a name that is never accepted and was ignored.`,
  });
}

/** The warning for a name nobody knows, with the nearest one (D9) unless `found` issues are too many for hints. */
export function unknownField(place: FieldPlace, key: string, known: Iterable<string>, sent: unknown, found = 0): Issue {
  const { hint, nearest } = didYouMean(key, known, found);
  return warning({
    code: 'unknown_field',
    pointer: place.pointer,
    message: `${place.name} is not a known field and was ignored.${hint}`,
    sent,
    nearest,
  });
}
