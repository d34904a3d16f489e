/** Addresses an override sets are well-formed when they are safe once their variables are rendered (E5). */
import type { Issue, Json, JsonObject } from '../inbound.ts';
import { fault, isObject, pointerTo } from '../settings/issue.ts';

/** Injected by those who know the address rules. */
export type UrlCheck = (url: string) => { readonly ok: true } | { readonly ok: false; readonly message: string };

/** An address among an agent's settings. */
export interface AgentUrl {
  /** `webhook_url` or `response_engine`. */
  readonly field: string;
  /** Where it stands below the group `agent`. */
  readonly path: readonly string[];
  readonly url: string;
}

/** The `webhook_url` and the `llm_websocket_url` of these settings; "" is as good as null. */
export function urlsOf(agent: JsonObject | undefined): readonly AgentUrl[] {
  const engine: Json | undefined = agent?.['response_engine'];
  const socket = isObject(engine) && engine['type'] === 'custom-llm' ? engine['llm_websocket_url'] : undefined;
  const urls = [
    { path: ['webhook_url'], url: agent?.['webhook_url'] },
    { path: ['response_engine', 'llm_websocket_url'], url: socket },
  ];
  return urls.flatMap(({ path, url }) =>
    typeof url === 'string' && url !== '' ? [{ field: path[0]!, path, url }] : [],
  );
}

/** What the guard is asked, for it speaks of http: a web socket opens with it, at the same address. */
export function httpUrlOf(url: string): string {
  return url.replace(/^ws/i, 'http');
}

/** The faults of the addresses that an override's group `agent` sets; `pointer` is the group's. */
export function checkUrls(
  agent: JsonObject | undefined,
  pointer: string,
  options: { readonly checkUrl?: UrlCheck; readonly renderUrl?: (url: string) => string },
): Issue[] {
  const { checkUrl, renderUrl } = options;
  if (checkUrl === undefined) return [];
  return urlsOf(agent).flatMap(({ path, url }) => {
    if (renderUrl === undefined && url.includes('{{')) return [];
    const rendered = renderUrl === undefined ? url : renderUrl(url);
    const verdict = checkUrl(path.length > 1 ? httpUrlOf(rendered) : rendered);
    if (verdict.ok) return [];
    const message = `agent.${path.join('.')} must be an address that may be called: ${verdict.message}`;
    return [fault({ code: 'unsafe_url', pointer: pointerTo(pointer, ...path), message, sent: url })];
  });
}
