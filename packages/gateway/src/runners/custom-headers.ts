/** The caller's headers that reach the webhook, the call object and the variables (B4, E9). */

const NAMED = new Set(['user-to-user', 'diversion', 'history-info', 'p-asserted-identity']);

/** X-* and the four named ones, in any case; RFC 3261 tokens only. */
export function isCustomHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMED.has(lower) || /^x-[a-z0-9.!%*_+`'~-]+$/.test(lower);
}

/** Headers that somebody typed, as the SIP edge takes them: names lower-cased, others left out, no control characters. */
export function customHeadersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const taken = Object.entries(headers).filter(([name]) => isCustomHeader(name));
  return Object.fromEntries(
    taken.map(([name, value]) => [name.toLowerCase(), value.replace(/[\u0000-\u001f\u007f]/g, '')]),
  );
}
