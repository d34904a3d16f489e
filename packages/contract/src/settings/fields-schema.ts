/** The rule set as JSON Schema, for documents: what zod says of each field, with the rule in words beside it. */
import { z } from 'zod';
import type { Json, JsonObject } from '../inbound.ts';
import { type Field, type Fields, ruleTexts } from './field.ts';

/** One value of each kind, to find the branches of a field whose schema depends on its value. */
const KINDS: readonly unknown[] = [0, 'a', [], {}, true];

/** An object of these fields; `whole` lists those that are required. Unknown members are ignored, so allowed. */
export function fieldsSchema(fields: Fields, whole: boolean): JsonObject {
  const properties: Record<string, Json> = {};
  for (const [name, of] of fields) properties[name] = fieldSchema(of);
  const required = [...fields].filter(([, of]) => whole && of.required).map(([name]) => name);
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

function fieldSchema(of: Field): JsonObject {
  const branches = new Set(typeof of.schema === 'function' ? KINDS.map(of.schema) : [of.schema]);
  const shown = [...branches].map(schemaOf);
  const one = shown.length === 1 ? shown[0]! : { anyOf: shown };
  if (!of.nullable || Object.keys(one).length === 0) return one;
  return { anyOf: [one, { type: 'null' }] };
}

function schemaOf(schema: z.ZodType): JsonObject {
  const { $schema: _, ...shown } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const words = ruleTexts.get(schema)?.must;
  return { ...(shown as JsonObject), ...(words !== undefined && { description: `Must be ${words}.` }) };
}
