import { timingSafeEqual } from 'node:crypto';
import { webhookDigest } from './sign-webhook.ts';
import { DEFAULT_TOLERANCE_MS, isFresh, parseSignatureHeader, signedStamp } from './signature-header.ts';

/** What is verified, with what, and when (B2). */
export interface VerifyWebhookInput {
  /** The raw body as received; re-serialized JSON does not verify. */
  readonly body: string | Buffer;
  readonly key: string;
  /** `x-retell-signature`; anything but one well-formed string is refused. */
  readonly header: string | readonly string[] | null | undefined;
  /** Epoch ms now. */
  readonly nowMs: number;
  /** How far the stamp may lie from now, either way, in ms. Default 300,000. */
  readonly toleranceMs?: number;
}

/**
 * Whether `header` signs `body` with `key` (inbound.md B2) within the tolerance. Constant-time in the digest, accepts
 * upper-case hex, and never throws: malformed input of any kind is `false`.
 */
export function verifyWebhook(input: VerifyWebhookInput): boolean {
  const { body, key, header, nowMs, toleranceMs = DEFAULT_TOLERANCE_MS } = input;
  if (typeof key !== 'string') return false;
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return false;
  const parsed = parseSignatureHeader(header);
  if (!parsed || !isFresh(parsed.stampMs, nowMs, toleranceMs)) return false;
  const expected = Buffer.from(webhookDigest(body, key, signedStamp(parsed.stampMs)), 'hex');
  return timingSafeEqual(expected, Buffer.from(parsed.digest, 'hex'));
}
