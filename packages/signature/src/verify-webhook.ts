import { timingSafeEqual } from 'node:crypto';
import { webhookDigest } from './sign-webhook.ts';

/** As long as the official SDK accepts a signature: five minutes. */
export const DEFAULT_TOLERANCE_MS = 300_000;

const HEADER = /^v=(\d{1,16}),d=([0-9a-f]{64})$/i;

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
  if (typeof header !== 'string' || typeof key !== 'string') return false;
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return false;
  const match = HEADER.exec(header);
  if (!match) return false;
  const stamp = Number(match[1]);
  if (!Number.isSafeInteger(stamp)) return false;
  // Written so that NaN in the clock or the tolerance refuses.
  if (!(toleranceMs >= 0 && Math.abs(nowMs - stamp) <= toleranceMs)) return false;
  // The SDK signs the number, not its digits as sent, so a stamp with leading zeros signs like the plain one.
  const expected = Buffer.from(webhookDigest(body, key, String(stamp)), 'hex');
  return timingSafeEqual(expected, Buffer.from(match[2]!, 'hex'));
}
