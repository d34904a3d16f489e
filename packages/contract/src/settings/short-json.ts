import type { Json } from '../inbound.ts';

/** A value inside a sentence: its JSON, cut to `longest` UTF-16 units; `absent` where there is none. */
export function shortJson(value: Json | undefined, longest = 60): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text;
}
