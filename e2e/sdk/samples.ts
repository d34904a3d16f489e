/** Values of a schema: one with everything, and one more for every other form that a part of it may have. */
import type { Definitions, Schema } from './response-schemas.ts';

/** A type that contains itself is left out where it comes again. */
const NONE: readonly unknown[] = [];

/** Texts of which the types say less than their descriptions. */
const TEXTS: Readonly<Record<string, string>> = { termination_key: '#', transport: 'TLS' };

/** Every member of every union is in one sample at least. `name` is the property's, `within` the types around. */
export function samplesOf(
  schema: Schema,
  definitions: Definitions,
  within: readonly string[] = [],
  name = '',
): readonly unknown[] {
  if ('$ref' in schema) {
    const type = schema.$ref as string;
    return within.includes(type) ? NONE : samplesOf(definitions[type]!, definitions, [...within, type]);
  }
  if ('anyOf' in schema) {
    return (schema.anyOf as readonly Schema[]).flatMap((member) => samplesOf(member, definitions, within, name));
  }
  if ('enum' in schema) return schema.enum as readonly unknown[];
  if (!('type' in schema)) return [{ any: 'thing' }];
  const own = schema as Extract<Schema, { readonly type: unknown }>;
  // A range is two numbers.
  if (own.type === 'array') {
    return samplesOf(own.items, definitions, within).map((item) => (typeof item === 'number' ? [item, item] : [item]));
  }
  if (own.type === 'object') return objects(own, definitions, within);
  return { string: [TEXTS[name] ?? 'a text'], number: [1], boolean: [true], nothing: NONE }[own.type];
}

function objects(
  { properties, required, additionalProperties }: Extract<Schema, { readonly type: 'object' }>,
  definitions: Definitions,
  within: readonly string[],
): readonly unknown[] {
  const members = Object.entries(properties).map(([name, of]) => {
    return [name, samplesOf(of, definitions, within, name)] as const;
  });
  if (members.some(([name, values]) => required.includes(name) && values.length === 0)) return NONE;
  const whole = Object.fromEntries(
    members.filter(([, values]) => values.length > 0).map(([name, [one]]) => [name, one]),
  );
  const others = members.flatMap(([name, values]) => values.slice(1).map((value) => ({ ...whole, [name]: value })));
  const keyed = additionalProperties === undefined ? [] : samplesOf(additionalProperties, definitions, within);
  return [
    { ...whole, ...(keyed.length > 0 && { a_key: keyed[0] }) },
    ...others,
    ...keyed.slice(1).map((a_key) => ({ a_key })),
  ];
}
