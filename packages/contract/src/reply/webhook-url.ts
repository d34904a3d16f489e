/** `agent.webhook_url` is well-formed when the address is safe once its variables are rendered (E5). */
import type { Issue } from '../inbound.ts';
import { fault } from '../settings/issue.ts';

/** Injected by those who know the address rules. */
export type UrlCheck = (url: string) => { readonly ok: true } | { readonly ok: false; readonly message: string };

/** The fault of a `webhook_url`, or undefined. "" is as good as null. */
export function checkWebhookUrl(
  url: string,
  pointer: string,
  options: { readonly checkUrl?: UrlCheck; readonly renderUrl?: (url: string) => string },
): Issue | undefined {
  if (url === '' || options.checkUrl === undefined) return undefined;
  const rendered = options.renderUrl === undefined ? url : options.renderUrl(url);
  if (options.renderUrl === undefined && url.includes('{{')) return undefined;
  const verdict = options.checkUrl(rendered);
  if (verdict.ok) return undefined;
  const message = `agent.webhook_url must be an address that may be called: ${verdict.message}`;
  return fault({ code: 'unsafe_url', pointer, message, sent: url });
}
