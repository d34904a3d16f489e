import { createHmac } from 'node:crypto';
import { formatSignatureHeader, signedStamp } from './signature-header.ts';

/** What is signed, with what, and when (B2). */
export interface SignWebhookInput {
  /** The body exactly as it goes on the wire. */
  readonly body: string | Buffer;
  /** The API key that is marked for signing. */
  readonly key: string;
  /** Epoch ms of this attempt; goes into the signature. */
  readonly wallMs: number;
}

/**
 * The value of `x-retell-signature` (inbound.md B2): `v=<epoch ms>,d=<lower-case hex HMAC-SHA256(key, body + v)>`.
 * The stamp is cut to whole milliseconds. Exactly one digest: the official SDK refuses a header with two.
 */
export function signWebhook({ body, key, wallMs }: SignWebhookInput): string {
  return formatSignatureHeader({ stampMs: wallMs, digest: webhookDigest(body, key, signedStamp(wallMs)) });
}

/** Lower-case hex HMAC-SHA256 over the raw body followed by the stamp's digits. */
export function webhookDigest(body: string | Buffer, key: string, stamp: string): string {
  // createHmac, not WebCrypto: 1.6 µs instead of 40 µs.
  return createHmac('sha256', key).update(body).update(stamp).digest('hex');
}
