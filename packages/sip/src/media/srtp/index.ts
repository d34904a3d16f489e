export { createPacketCipher, Srtp, type SrtpTerms } from './srtp.ts';
export { SrtpReceiver } from './srtp-receiver.ts';
export { SrtpSender } from './srtp-sender.ts';
export { isSrtpSuite, MOST_TRAILER_BYTES, SRTP_SUITES, type SrtpSuite } from './suite.ts';
