import { type InfoBody, parseInfoDigit } from '../dialog/index.ts';
import { headerValue, type SipRequest } from '../message/index.ts';
import type { Refusal } from './judge-request.ts';

/** Bodies of an INFO that are taken: keys pressed. */
const relay = 'application/dtmf-relay';
const plain = 'application/dtmf';

/** What an INFO is answered, and the key it tells of (RFC 6086 4.2). */
export function judgeInfo(request: SipRequest): { readonly answer: Refusal; readonly key?: InfoBody } {
  if (headerValue(request, 'info-package') !== undefined) {
    return { answer: { status: 469, reason: 'Bad Info Package', headers: [['Recv-Info', '']] } };
  }
  if (request.body.length === 0) return { answer: { status: 200 } };
  const type = (headerValue(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === '') return { answer: { status: 200 } };
  if (type !== relay && type !== plain) return { answer: { status: 415, headers: [['Accept', `${relay}, ${plain}`]] } };
  const key = parseInfoDigit(type, Buffer.from(request.body).toString('utf8'));
  return key.kind === 'malformed'
    ? { answer: { status: 400, reason: 'Malformed Signal' } }
    : { answer: { status: 200 }, key };
}
