/** Judges a value by a schema: what is missing or of another type. Members the schema does not name are allowed. */
import type { Definitions, Schema } from './response-schemas.ts';

/** One line per fault, with its path; empty where the value fits. */
export function mismatches(schema: Schema, value: unknown, definitions: Definitions, path = ''): readonly string[] {
  if ('$ref' in schema) return mismatches(definitions[schema.$ref as string]!, value, definitions, path);
  if ('anyOf' in schema) return ofAny(schema.anyOf as readonly Schema[], value, definitions, path);
  if ('enum' in schema) {
    const allowed = schema.enum as readonly unknown[];
    return allowed.includes(value) ? [] : [`${path || '/'}: ${show(value)} is none of ${allowed.map(show).join(', ')}`];
  }
  if (!('type' in schema)) return [];
  const own = schema as Extract<Schema, { readonly type: unknown }>;
  const kind = kindOf(value);
  if (kind !== own.type) return [`${path || '/'}: ${show(value)} is no ${own.type}`];
  if (own.type === 'array') {
    return (value as unknown[]).flatMap((item, at) => mismatches(own.items, item, definitions, `${path}/${at}`));
  }
  return own.type === 'object' ? ofObject(own, value as Record<string, unknown>, definitions, path) : [];
}

function ofObject(
  schema: Extract<Schema, { readonly type: 'object' }>,
  value: Readonly<Record<string, unknown>>,
  definitions: Definitions,
  path: string,
): readonly string[] {
  const { properties, required, additionalProperties } = schema;
  const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${path}/${name}: missing`);
  const wrong = Object.entries(value).flatMap(([name, member]) => {
    const of = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return of === undefined ? [] : mismatches(of, member, definitions, `${path}/${name}`);
  });
  return [...missing, ...wrong];
}

/** The faults of the member that fits best say most: of the value's own kind first, then of its literals. */
function ofAny(members: readonly Schema[], value: unknown, definitions: Definitions, path: string): readonly string[] {
  const rank = (faults: readonly string[]) =>
    faults.length +
    faults.filter((fault) => fault.includes(' is none of ')).length * 100 +
    faults.filter((fault) => fault.startsWith(`${path || '/'}: `)).length * 10_000;
  const faults = members.map((member) => mismatches(member, value, definitions, path));
  return faults.reduce((best, one) => (rank(one) < rank(best) ? one : best));
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
}
