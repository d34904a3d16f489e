/** Reading values of unknown JSON: absent or ill-typed is undefined, and nothing throws. */

export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A field of the object itself, so that a flow from JSON inherits nothing. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function textIn(fields: Fields, name: string): string | undefined {
  const value = own(fields, name);
  return typeof value === 'string' ? value : undefined;
}

export function flagIn(fields: Fields, name: string): boolean | undefined {
  const value = own(fields, name);
  return typeof value === 'boolean' ? value : undefined;
}

/** A number, moved into the range. */
export function numberIn(fields: Fields, name: string, least: number, most: number): number | undefined {
  const value = own(fields, name);
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Math.min(most, Math.max(least, value));
}
