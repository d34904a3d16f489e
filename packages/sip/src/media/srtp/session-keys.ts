import { Buffer } from 'node:buffer';
import { createCipheriv } from 'node:crypto';
import { SRTP_SUITES, type SrtpSuite } from './suite.ts';

/** What one direction's packets of one kind are encrypted and authenticated with. */
export interface SessionKeys {
  readonly encryption: Buffer;
  readonly salt: Buffer;
  /** Of HMAC-SHA1; empty with an AEAD suite. */
  readonly authentication: Buffer;
}

const AUTHENTICATION_BYTES = 20;
/** Where the label stands in the 112 bits that are derived from. */
const LABEL_AT = 7;

/**
 * The session keys of a master key and salt (RFC 3711 4.3, with a key derivation rate of 0; RFC 6188 for 256 bits;
 * RFC 7714 11 for GCM). `master` is key and salt joined, as in the SDP; throws where its length is not the suite's.
 */
export function deriveSessionKeys(suite: SrtpSuite, master: Buffer, kind: 'rtp' | 'rtcp'): SessionKeys {
  const sizes = SRTP_SUITES[suite];
  if (master.length !== sizes.key + sizes.salt)
    throw new RangeError('The master key and salt are not of their length.');
  const firstLabel = kind === 'rtp' ? 0 : 3;
  const derive = (label: number, length: number) => {
    const start = Buffer.alloc(16);
    master.copy(start, 0, sizes.key);
    start[LABEL_AT] = start[LABEL_AT]! ^ (firstLabel + label);
    const stream = createCipheriv(`aes-${sizes.key * 8}-ctr`, master.subarray(0, sizes.key), start);
    return stream.update(Buffer.alloc(length));
  };
  return {
    encryption: derive(0, sizes.key),
    authentication: sizes.kind === 'gcm' ? Buffer.alloc(0) : derive(1, AUTHENTICATION_BYTES),
    salt: derive(2, sizes.salt),
  };
}
