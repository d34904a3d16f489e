/** The SRTP crypto suites spoken here (RFC 4568 6.2, RFC 6188, RFC 7714), under their names in the SDP. */
export type SrtpSuite =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AES_256_CM_HMAC_SHA1_80'
  | 'AES_256_CM_HMAC_SHA1_32'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM';

/** The sizes of a suite, in octets. */
export interface SuiteSizes {
  readonly kind: 'counter' | 'gcm';
  readonly key: number;
  readonly salt: number;
  /** Authentication tag of an RTP packet. */
  readonly tag: number;
  /** Authentication tag of an RTCP packet. */
  readonly reportTag: number;
}

const counter = (key: number, tag: number): SuiteSizes => ({ kind: 'counter', key, salt: 14, tag, reportTag: 10 });
const gcm = (key: number): SuiteSizes => ({ kind: 'gcm', key, salt: 12, tag: 16, reportTag: 16 });

/** Every suite by name. */
export const SRTP_SUITES: Readonly<Record<SrtpSuite, SuiteSizes>> = Object.freeze({
  AES_CM_128_HMAC_SHA1_80: counter(16, 10),
  AES_CM_128_HMAC_SHA1_32: counter(16, 4),
  AES_256_CM_HMAC_SHA1_80: counter(32, 10),
  AES_256_CM_HMAC_SHA1_32: counter(32, 4),
  AEAD_AES_128_GCM: gcm(16),
  AEAD_AES_256_GCM: gcm(32),
});

/** Is this a suite spoken here? */
export function isSrtpSuite(name: string): name is SrtpSuite {
  return Object.hasOwn(SRTP_SUITES, name);
}

/** The longest tag with an index behind it: what a packet may grow by. */
export const MOST_TRAILER_BYTES = 20;
