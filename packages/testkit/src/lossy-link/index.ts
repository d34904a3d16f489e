export { CallEar } from './call-ear.ts';
export { BURSTY, CLEAR, ImpairedPath, type Impairment, ROUGH } from './impairment.ts';
export { judgeStream, type StreamFigures } from './judge-stream.ts';
export { type LossyLink, openLossyLink } from './lossy-link.ts';
export { openRtpTalker, type RtpTalker } from './rtp-talker.ts';
export { seededRandom } from './seeded-random.ts';
export { type OneWay, type TwoWayTalk, talkBothWays } from './two-way.ts';
export { type MediaAddress, openUdpWire, type SentPacket, type UdpWire, type WireFigures } from './udp-wire.ts';
