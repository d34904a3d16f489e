export { DTMF_EVENT_BYTES, type DtmfEvent, decodeDtmf, encodeDtmf, isDtmf } from './dtmf-event.ts';
export {
  aLaw,
  decodeG711,
  encodeG711,
  encodeG711Into,
  type G711Law,
  type G711PayloadType,
  g711Law,
  muLaw,
} from './g711.ts';
export { createMedia, type Media, type MediaOptions } from './media.ts';
export type { MediaSession, TapListener } from './media-session.ts';
export type { AudioDirection, MediaStats, PeerStats, RtpRemote, SessionStats } from './protocol.ts';
export {
  buildReport,
  type PeerReport,
  parseReport,
  type Report,
  type ReportBlock,
  type SenderInfo,
} from './rtcp-packet.ts';
export { parseRtp, RTP_HEADER_BYTES, type RtpHeader, type RtpPacket, writeRtpHeader } from './rtp-packet.ts';
export * from './srtp/index.ts';
