/** Fields of a multipart form as the JSON they stand for: the SDK sends lists and objects as one field of JSON. */
import type { JsonObject } from '../inbound.ts';

/** What a field of a form becomes. Names in none of the lists stay texts. */
export interface FormKinds {
  readonly lists?: readonly string[];
  readonly numbers?: readonly string[];
  readonly flags?: readonly string[];
}

/** A form's texts by name; one that was sent several times, or with `[]` behind its name, is a list. */
export type FormTexts = Readonly<Record<string, string | readonly string[]>>;

/** Reads the texts. What cannot be read stays as it is, for the rules to refuse. */
export function formValues(texts: FormTexts, { lists = [], numbers = [], flags = [] }: FormKinds): JsonObject {
  const read = Object.entries(texts).map(([name, value]): [string, unknown] => {
    if (lists.includes(name)) return [name, readList(value)];
    if (typeof value !== 'string') return [name, value];
    if (numbers.includes(name)) return [name, /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value];
    if (flags.includes(name)) return [name, value === 'true' ? true : value === 'false' ? false : value];
    return [name, value];
  });
  return Object.fromEntries(read) as JsonObject;
}

/** One text of JSON, one plain entry, or several of either. */
function readList(value: string | readonly string[]): unknown {
  if (typeof value !== 'string') return value.flatMap(fromJson);
  const read = fromJson(value);
  return Array.isArray(read) ? read : [read];
}

function fromJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
