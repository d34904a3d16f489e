export { buildRequest, buildResponse, type HeaderInput } from './build.ts';
export { splitList, unquote } from './characters.ts';
export { type CSeq, parseCSeq } from './cseq.ts';
export { header, headerList, headerName, headerValue, headerValues } from './header.ts';
export { type NameAddr, parseNameAddr, serializeNameAddr, tagOf } from './name-addr.ts';
export { paramValue, parseParams, type SipParam, serializeParams } from './params.ts';
export {
  maxHeadBytes,
  maxHeaderLines,
  type ParseFailure,
  type ParseResult,
  type ParseSuccess,
  parseMessage,
  type SipHead,
} from './parse.ts';
export { reasonPhrase } from './reason-phrase.ts';
export { hostPort, serializeMessage } from './serialize.ts';
export type { SipHeader, SipMessage, SipRequest, SipResponse } from './types.ts';
export {
  type AnyUri,
  bracketHost,
  isSipUri,
  isTelUri,
  type OtherUri,
  parseHostPort,
  parseUri,
  type SipUri,
  serializeUri,
  type TelUri,
  unmapAddress,
} from './uri.ts';
export { branchCookie, parseVia, serializeVia, stampVia, type Via } from './via.ts';
