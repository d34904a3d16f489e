/** The linter of replies: what the gateway would say of one, before it is sent. */
import { type LintOptions, type LintResult, lintReply, lintReplyBody, shippedCatalogue } from '@pickup/contract';

export type {
  AgentOverride,
  Catalogue,
  Issue,
  Json,
  JsonObject,
  JudgedReply,
  LintResult,
  OverridesReply,
  ResolvedTarget,
} from '@pickup/contract';

/** What a reply is judged against. Only the channel must be known; default `call`. */
export type LintReplyOptions = Omit<LintOptions, 'channel'> & Partial<Pick<LintOptions, 'channel'>>;

/**
 * Judges a reply. Text and bytes are read as the body of the response, with its limits (256 KiB, 32 levels, UTF-8);
 * anything else as JSON that was parsed. The catalogue of voices and models is by default the one Pickup ships with.
 * Never throws on what JSON can say.
 */
export function lint(reply: unknown, options: LintReplyOptions = {}): LintResult {
  const whole: LintOptions = { catalogue: shippedCatalogue(), ...options, channel: options.channel ?? 'call' };
  const isBody = typeof reply === 'string' || ArrayBuffer.isView(reply);
  if (!isBody) return lintReply(reply, whole);
  return lintReplyBody(typeof reply === 'string' ? new TextEncoder().encode(reply) : (reply as Uint8Array), whole);
}
