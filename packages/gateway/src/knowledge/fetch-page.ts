/** Reads a page that somebody named. Each address is judged anew, redirects are followed by hand, all is bounded. */
import type { Outbound, OutboundFailure } from '@pickup/outbound';
import type { Clock } from '../runners/clock.ts';
import { charsetOf, type Document, kindOfType } from './read-document.ts';

/** What fetching needs, and its bounds. */
export interface PageFetching {
  readonly outbound: Pick<Outbound, 'get'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of one page with all its redirects, in ms. */
  readonly limitMs: number;
  readonly mostBytes: number;
}

export type FetchedPage =
  | { readonly ok: true; readonly document: Document }
  /** `reason` is public; `again`: a later try may do better. */
  | { readonly ok: false; readonly reason: string; readonly again: boolean };

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const HEADERS = {
  accept: 'text/html, application/xhtml+xml, text/plain, text/markdown, application/json;q=0.9, text/*;q=0.8',
  'accept-encoding': 'gzip, deflate',
};
/** What says nothing about the page itself. */
const PASSING: ReadonlySet<OutboundFailure['error']> = new Set([
  ...(['timeout', 'connect_error', 'dns_error', 'connection_reset', 'incomplete_reply', 'internal_error'] as const),
]);

/** Never rejects. */
export async function fetchPage(url: string, fetching: PageFetching): Promise<FetchedPage> {
  const { outbound, clock, signal, limitMs, mostBytes } = fetching;
  const deadlineMonoMs = clock.monoMs() + limitMs;
  let at = url;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const reply = await outbound.get({ url: at, headers: HEADERS, deadlineMonoMs, signal, maxReplyBytes: mostBytes });
    if (!reply.ok) return failed(reply.message, PASSING.has(reply.error));
    const next = REDIRECTS.has(reply.status) ? redirection(reply.headers['location'], at) : undefined;
    if (next === undefined) return judge(reply, mostBytes);
    at = next;
  }
  return failed(`It redirects more than ${MOST_REDIRECTS} times.`);
}

function redirection(location: string | undefined, from: string): string | undefined {
  if (location === undefined || !URL.canParse(location, from)) return undefined;
  return new URL(location, from).href;
}

function judge(
  reply: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly truncated: boolean;
  },
  mostBytes: number,
): FetchedPage {
  const { status, headers, body, truncated } = reply;
  if (status < 200 || status >= 300) {
    return failed(`It answered ${status}.`, status === 408 || status === 429 || status >= 500);
  }
  const type = headers['content-type'] ?? '';
  const kind = kindOfType(type);
  if (kind === undefined) return failed(`It is of the type ${type.slice(0, 100) || 'unknown'}, which is not read.`);
  if (truncated) return failed(`It is longer than ${mostBytes} bytes.`);
  const charset = charsetOf(type);
  return { ok: true, document: { kind, bytes: body, ...(charset !== undefined && { charset }) } };
}

function failed(reason: string, again = false): FetchedPage {
  return { ok: false, reason, again };
}
