export { answerDirection, buildAnswer, buildOffer } from './answer.ts';
export { chooseCodec, parseOffer } from './offer.ts';
export { parseSdp } from './parse.ts';
export { serializeSdp } from './serialize.ts';
export type {
  AudioCodec,
  AudioStream,
  CodecChoice,
  Direction,
  ParsedOffer,
  SdpAttribute,
  SdpConnection,
  SdpMedia,
  SessionDescription,
} from './types.ts';
