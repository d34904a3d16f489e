import type { SipHead, SipRequest, Via } from '../message/index.ts';
import { branchCookie, headerValue, paramValue, tagOf } from '../message/index.ts';

/**
 * What makes a request belong to a server transaction (RFC 3261 17.2.3). ACK and CANCEL ask with method INVITE.
 * A branch without cookie, or with nothing behind it (RFC 4475 3.2.1), is matched by the rules of RFC 2543.
 */
export function serverKey(request: SipRequest, head: SipHead, method: string): string {
  const branch = paramValue(head.via.params, 'branch') ?? '';
  if (branch.length > branchCookie.length && branch.slice(0, 7).toLowerCase() === 'z9hg4bk') {
    return `${method} ${branch} ${sentBy(head.via)}`;
  }
  const via = headerValue(request, 'via') ?? '';
  return `${method} ${request.uri} ${head.callId} ${head.cseq.seq} ${tagOf(head.from) ?? ''} ${via}`;
}

const sentBy = (via: Via): string => `${via.host.toLowerCase()}:${via.port ?? 5060}`;

/** What makes two requests the same one that came by two ways (RFC 3261 8.2.2.2). */
export const mergeKey = (head: SipHead): string =>
  `${head.cseq.method} ${head.callId} ${tagOf(head.from) ?? ''} ${head.cseq.seq}`;

/** What makes a response belong to a client transaction (RFC 3261 17.1.3). */
export const clientKey = (branch: string, method: string): string => `${method} ${branch}`;
