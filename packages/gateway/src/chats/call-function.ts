/**
 * A custom function of an agent: a signed request to the customer's server, with Retell's body, under the rules of every
 * request to somebody else's URL (address guard, deadline, no redirect).
 */
import type { CustomTool } from '@pickup/conversation';
import { renderSpans, renderTemplate, type VariableLookup } from '@pickup/core';
import type { Outbound, OutboundResult } from '@pickup/outbound';
import { signWebhook } from '@pickup/signature';
import type { Clock } from '../runners/clock.ts';

export interface FunctionDeps {
  readonly outbound: Pick<Outbound, 'get' | 'post'>;
  readonly signingKey: () => string;
  readonly clock: Clock;
}

export interface FunctionCall {
  readonly tool: CustomTool;
  readonly args: Readonly<Record<string, unknown>>;
  readonly lookup: VariableLookup;
  /** Of the call: the same where it is made again, because it failed or because its turn is made anew. */
  readonly callKey: string;
  /** The chat as its function is told of it. */
  readonly chat: Readonly<Record<string, unknown>>;
  /** End of the turn on the monotonic clock. */
  readonly deadlineMonoMs: number;
  readonly signal: AbortSignal;
}

export interface FunctionResult {
  /** For the model, which is shown the beginning of it (T2); variables are taken from all of it. */
  readonly content: string;
  readonly successful: boolean;
  /** For the log. */
  readonly status?: number;
  readonly error?: string;
}

/** Bytes read of a response. */
const MAX_REPLY_BYTES = 256 * 1024;
const MAX_ERROR_TEXT = 1_000;
const BETWEEN_TRIES_MS = 500;
/** Set by us, or for one connection alone (RFC 9110, 7.6.1), whose sender we are. */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'x-retell-signature',
]);

/** Calls it, again `maxRetry` times where it fails. Never rejects. */
export async function callFunction(deps: FunctionDeps, call: FunctionCall): Promise<FunctionResult> {
  for (let tries = 0; ; tries++) {
    const result = await send(deps, call);
    const isOver = result.successful || tries >= call.tool.maxRetry || call.signal.aborted;
    if (isOver || deps.clock.monoMs() + BETWEEN_TRIES_MS >= call.deadlineMonoMs) return result;
    await new Promise<void>((resolve) => void deps.clock.after(BETWEEN_TRIES_MS, resolve));
  }
}

async function send({ outbound, signingKey, clock }: FunctionDeps, call: FunctionCall): Promise<FunctionResult> {
  const { tool, args, signal } = call;
  const url = urlOf(call);
  if (url === undefined) return { content: 'The URL of the function is not valid.', successful: false, error: 'url' };
  const hasBody = tool.method !== 'GET' && tool.method !== 'DELETE';
  const body = hasBody ? bodyOf(call) : '';
  const headers = {
    ...(hasBody && { 'content-type': tool.form ? 'application/x-www-form-urlencoded' : 'application/json' }),
    'accept-encoding': 'identity',
    ...headersOf(tool, call.lookup),
    'webhook-id': call.callKey,
    'x-retell-signature': signWebhook({ body, key: signingKey(), wallMs: clock.wallMs() }),
  };
  const deadlineMonoMs = Math.min(call.deadlineMonoMs, clock.monoMs() + tool.timeoutMs);
  const request = {
    url: hasBody ? url : withQuery(url, args),
    headers,
    deadlineMonoMs,
    signal,
    maxReplyBytes: MAX_REPLY_BYTES,
  };
  const result =
    tool.method === 'GET'
      ? await outbound.get(request)
      : await outbound.post({ ...request, body, method: tool.method });
  return resultOf(result);
}

function resultOf(result: OutboundResult): FunctionResult {
  if (!result.ok) return { content: `The function failed: ${result.message}`, successful: false, error: result.error };
  const { status } = result;
  const text = result.body.toString('utf8');
  if (status >= 200 && status < 300) return { content: text, successful: true, status };
  return {
    content: `The function failed with status ${status}. ${text.slice(0, MAX_ERROR_TEXT)}`,
    successful: false,
    status,
  };
}

function bodyOf({ tool, args, chat }: FunctionCall): string {
  if (tool.form) return new URLSearchParams(plain(args)).toString();
  return JSON.stringify(tool.argsAtRoot ? args : { name: tool.name, args, chat });
}

function urlOf({ tool, lookup }: FunctionCall): string | undefined {
  try {
    const url = new URL(renderUrl(tool.url, lookup));
    // A variable that is `..` cannot be encoded so that it stays where it is.
    if (depthOf(url) !== depthOf(new URL(renderUrl(tool.url, lookup, 'x')))) return undefined;
    for (const [name, template] of Object.entries(tool.query))
      url.searchParams.set(name, renderTemplate(template, lookup));
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function depthOf({ pathname }: URL): number {
  return pathname.split('/').length;
}

/** A variable is one part of a path or query and adds none, unless the address itself is one. `instead` stands for all. */
function renderUrl(template: string, lookup: VariableLookup, instead?: string): string {
  return renderSpans(template.trim(), lookup)
    .map(({ text, fromVariable }, index) =>
      fromVariable && index > 0 ? (instead ?? encodeURIComponent(text.toWellFormed())) : text,
    )
    .join('');
}

/** What the settings say stands: a model adds to it, and changes nothing of it. */
function withQuery(url: string, args: Readonly<Record<string, unknown>>): string {
  const full = new URL(url);
  const set = new Set(full.searchParams.keys());
  for (const [name, value] of Object.entries(plain(args))) if (!set.has(name)) full.searchParams.set(name, value);
  return full.href;
}

function headersOf(tool: CustomTool, lookup: VariableLookup): Readonly<Record<string, string>> {
  const entries = Object.entries(tool.headers).flatMap(([name, template]) => {
    const header = name.toLowerCase().trim();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(header) || OURS.has(header)) return [];
    // A value from a variable must not begin another header.
    return [[header, renderTemplate(template, lookup).replaceAll(/[^\t\x20-\x7e]/g, '')]];
  });
  return Object.fromEntries(entries);
}

function plain(args: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(args).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  ]);
  return Object.fromEntries(entries);
}
