/** What a caller might send in the course of a call: sound requests, to be mutated or not. */
import { serializeMessage } from '@pickup/sip';
import { invite, request } from '../../packages/sip/test/bench-peer.ts';

/** A call as far as its caller knows it. */
export interface KnownCall {
  readonly callId: string;
  /** Our tag, from a response of ours. */
  readonly toTag: string;
}

const RARELY = 12;
const METHODS = ['ACK', 'BYE', 'INFO', 'OPTIONS', 'INVITE', 'UPDATE', 'CANCEL', 'PRACK', 'REFER', 'MESSAGE'] as const;

/** A new INVITE, or a request of a call that is known. */
export function callMessage(below: (limit: number) => number, known: readonly KnownCall[]): Buffer {
  const call = known[below(Math.max(1, known.length))];
  const id = below(2 ** 31);
  if (call === undefined || below(RARELY) < 4) {
    return serializeMessage(invite({ callId: `soak-${id}`, branch: `z9hG4bK-soak-${id}` }));
  }
  const method = METHODS[below(METHODS.length)] ?? 'BYE';
  const branch = below(3) === 0 ? `z9hG4bK-${call.callId}` : `z9hG4bK-soak-${id}`;
  const body = method === 'INVITE' || method === 'UPDATE' ? { body: SDP[below(SDP.length)] ?? '' } : {};
  return serializeMessage(request(method, { ...call, seq: 1 + below(6), branch, ...body }));
}

const SDP = ['sendrecv', 'sendonly', 'inactive'].map((direction) =>
  [
    ...['v=0', 'o=- 1 2 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0'],
    ...['m=audio 40000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000', `a=${direction}`, ''],
  ].join('\r\n'),
);
