import { headerList, isSipUri, parseNameAddr, parseUri, type SipHead, type SipRequest } from '../message/index.ts';
import type { Source, Transport } from '../transport/port.ts';
import type { DialogState } from './memo.ts';

/** What a request of the peer's says about where ours go. */
type Target = Pick<DialogState, 'remoteTarget' | 'transport' | 'localHost' | 'localPort' | 'peer' | 'behindNat'>;

/** Reads the Contact and the way a request came; `fallback` stands in for a missing Contact. */
export function readTarget(
  request: SipRequest,
  head: SipHead,
  way: { readonly source: Source; readonly local: Transport['local'] },
  fallback: string,
): Target {
  const { source, local } = way;
  const remoteTarget = parseNameAddr(headerList(request, 'contact')[0] ?? '')?.uri ?? fallback;
  const target = parseUri(remoteTarget);
  const targetHost = target && isSipUri(target) ? target.host : undefined;
  return {
    remoteTarget,
    transport: source.transport,
    localHost: local.host,
    localPort: local.port,
    peer: { address: source.address, port: source.port },
    // The peer sent from an address it does not know of, and gave the one it knows as its Contact.
    behindNat: head.via.host !== source.address && targetHost === head.via.host,
  };
}
