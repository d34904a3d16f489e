/** Reading REST bodies: every fault at once; fields nobody knows are left out and listed, for the SDK ignores them. */
import { z } from 'zod';
import type { Issue, JsonObject } from '../inbound.ts';
import type { AgentVersionReference } from '../phone-number.ts';
import { checkFields } from '../settings/check-fields.ts';
import { checkedText, type Field, type Fields, integer, nonEmptyText, type Range } from '../settings/field.ts';
import { fault, isObject, kindOf } from '../settings/issue.ts';

/** A body that was read, or every reason why not. `warnings` is for the log: fields that were ignored. */
export type BodyResult<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Splits issues: any error makes the body unusable. */
export function bodyResult<T>(value: T, issues: readonly Issue[]): BodyResult<T> {
  const errors = issues.filter((issue) => issue.severity === 'error');
  return errors.length > 0 ? { ok: false, issues: errors } : { ok: true, value, warnings: issues };
}

/** A table of fields from an object. */
export function table(members: Readonly<Record<string, Field>>): Fields {
  return new Map(Object.entries(members));
}

/** Checks a body's members. `strict`: unknown fields are errors (`additionalProperties: false`). */
export function readBody(
  value: unknown,
  fields: Fields,
  options: { readonly strict?: boolean; readonly complete?: boolean; readonly readOnly?: ReadonlySet<string> } = {},
): { readonly value: JsonObject; readonly issues: readonly Issue[] } {
  if (!isObject(value)) {
    const message = `The request body must be an object, not ${kindOf(value)}.`;
    return { value: {}, issues: [fault({ code: 'wrong_type', pointer: '', message, sent: value })] };
  }
  return checkFields(fields, value, {
    pointer: '',
    prefix: '',
    complete: options.complete ?? true,
    strict: options.strict ?? false,
    ...(options.readOnly === undefined ? {} : { readOnly: options.readOnly }),
  });
}

/** Anything JSON: what is judged by a function of its own. */
export function anything(): z.ZodType {
  return z.unknown();
}

const versionNumber = integer({ min: 0 });
const versionName = nonEmptyText();

/** Number from 0, tag, `latest` or `latest_published` (Retell's AgentVersionReference). */
export function versionReference(value: unknown): z.ZodType {
  return typeof value === 'number' ? versionNumber : versionName;
}

/** E.164: a plus and 2 to 15 digits, the first not 0. */
export function isE164(text: string): boolean {
  return /^\+[1-9]\d{1,14}$/.test(text);
}

/** A number in E.164. */
export function e164(): z.ZodType {
  return checkedText('a number in E.164 form such as +12137771234', isE164);
}

/** `limit` of a list: 1 to 1,000, default 50. */
export const LIMIT: Range = { min: 1, max: 1000 };

/** A query parameter's version: digits are a number; "" is absent, "0" is not. */
export function parseVersionQuery(text: string | undefined): AgentVersionReference | undefined {
  if (text === undefined || text === '') return undefined;
  return /^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** A query parameter of an engine's version: a whole number from 0. */
export function parseEngineVersionQuery(text: string | undefined): BodyResult<number | undefined> {
  const version = parseVersionQuery(text);
  if (version === undefined || typeof version === 'number') return bodyResult(version, []);
  return {
    ok: false,
    issues: [
      fault({ code: 'not_an_integer', pointer: '', message: 'version must be a whole number from 0.', sent: text }),
    ],
  };
}
