import { headerValue, paramValue, parseParams, type SipMessage } from '../message/index.ts';
import { type ParsedOffer, parseOffer } from '../sdp/index.ts';
import { sdpPart } from '../sdp/multipart.ts';
import { acceptHeader, type Refusal } from './judge-request.ts';

const unacceptable: Refusal = { status: 415, headers: [acceptHeader] };

/** The SDP text of a message's body, whether alone or a part of multipart/mixed; or why there is none. */
export function sdpText(message: SipMessage): { readonly sdp?: string; readonly refusal?: Refusal } {
  if (message.body.length === 0) return {};
  const body = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.byteLength);
  const contentType = headerValue(message, 'content-type') ?? '';
  const semicolon = contentType.indexOf(';');
  const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  if (type === 'application/sdp') return { sdp: body.toString('utf8') };
  if (type === 'multipart/mixed') {
    const params = semicolon < 0 ? [] : (parseParams(contentType, semicolon) ?? []);
    const sdp = sdpPart(body.toString('latin1'), paramValue(params, 'boundary') ?? '');
    if (sdp !== undefined) return { sdp };
  }
  return isOptional(message) ? {} : { refusal: unacceptable };
}

function isOptional(message: SipMessage): boolean {
  const disposition = headerValue(message, 'content-disposition') ?? '';
  const semicolon = disposition.indexOf(';');
  const params = semicolon < 0 ? [] : (parseParams(disposition, semicolon) ?? []);
  return paramValue(params, 'handling')?.toLowerCase() === 'optional';
}

/** The offer, or answer, of a message: absent for a delayed one, a refusal where the body is of no use. */
export function readOffer(message: SipMessage): { readonly offer?: ParsedOffer; readonly refusal?: Refusal } {
  const { sdp, refusal } = sdpText(message);
  if (refusal) return { refusal };
  if (sdp === undefined) return {};
  const offer = parseOffer(sdp);
  return offer ? { offer } : { refusal: { status: 400, reason: 'Malformed SDP' } };
}
