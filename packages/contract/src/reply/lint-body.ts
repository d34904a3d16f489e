/** A reply as the endpoint sends it, judged by itself: what a reader of its bytes can say who knows no gateway. */
import { shippedCatalogue } from '../catalogue/default-catalogue.ts';
import { type LintOptions, type LintResult, lintReply } from './lint-reply.ts';
import { parseReplyBody } from './parse-body.ts';

/**
 * Judges the bytes of a reply (D1–D9). The catalogue is by default the one Pickup ships with: a voice it has must
 * speak the language sent beside it.
 */
export function lintReplyBody(
  bytes: Uint8Array,
  options: LintOptions & { /** Cut at the cap (D1). Default false. */ readonly truncated?: boolean },
): LintResult {
  const { truncated = false, ...lint } = options;
  const parsed = parseReplyBody(bytes, { truncated });
  if (parsed.ok) return lintReply(parsed.value, { catalogue: shippedCatalogue(), ...lint });
  return { reply: { kind: 'bad', issues: [parsed.issue] }, issues: [parsed.issue] };
}
