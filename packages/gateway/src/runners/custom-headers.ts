/** The caller's headers that reach the webhook, the call object and the variables (B4, E9). */

const NAMED = new Set(['user-to-user', 'diversion', 'history-info', 'p-asserted-identity']);

/** X-* and the four named ones, in any case; RFC 3261 tokens only. */
export function isCustomHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return NAMED.has(lower) || /^x-[a-z0-9.!%*_+`'~-]+$/.test(lower);
}
