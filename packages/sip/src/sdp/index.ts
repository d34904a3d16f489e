export { answerDirection, buildAnswer, buildOffer, type StreamTerms } from './answer.ts';
export { type AudioPolicy, chooseAudio, chooseCodec } from './choose-audio.ts';
export { cryptoAttribute, newCryptoLine, parseCrypto } from './crypto.ts';
export { parseOffer } from './offer.ts';
export { parseSdp } from './parse.ts';
export { serializeSdp } from './serialize.ts';
export type {
  AudioChoice,
  AudioCodec,
  AudioStream,
  CodecChoice,
  CryptoLine,
  Direction,
  ParsedOffer,
  SdpAttribute,
  SdpConnection,
  SdpMedia,
  SessionDescription,
} from './types.ts';
