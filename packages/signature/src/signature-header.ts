/**
 * The format of `x-retell-signature` (inbound.md B2), pure: no cryptography and no clock, so that both the node:crypto
 * and the Web Crypto side read and write the header by this one definition.
 */

/** As long as the official SDK accepts a signature: five minutes. */
export const DEFAULT_TOLERANCE_MS = 300_000;

const HEADER = /^v=(\d{1,16}),d=([0-9a-f]{64})$/i;

/** What a well-formed header says. */
export interface SignatureHeader {
  /** Epoch ms of the attempt. */
  readonly stampMs: number;
  /** Hex HMAC-SHA256, in lower case. */
  readonly digest: string;
}

/** The header's value for a stamp and the digest over body and stamp. */
export function formatSignatureHeader({ stampMs, digest }: SignatureHeader): string {
  return `v=${signedStamp(stampMs)},d=${digest}`;
}

/**
 * Reads a header; undefined for anything but one well-formed string, such as two digests, which the official SDK
 * refuses too. Upper-case hex is accepted. Never throws.
 */
export function parseSignatureHeader(header: unknown): SignatureHeader | undefined {
  if (typeof header !== 'string') return undefined;
  const match = HEADER.exec(header);
  if (!match) return undefined;
  const stampMs = Number(match[1]);
  if (!Number.isSafeInteger(stampMs)) return undefined;
  return { stampMs, digest: match[2]!.toLowerCase() };
}

/**
 * The digits that are signed after the body: whole milliseconds. The SDK signs the number, not its digits as sent, so
 * a stamp with leading zeros signs like the plain one.
 */
export function signedStamp(stampMs: number): string {
  return String(Math.trunc(stampMs));
}

/** Whether the stamp lies within the tolerance of now, either way. NaN in any of them refuses. */
export function isFresh(stampMs: number, nowMs: number, toleranceMs: number): boolean {
  return toleranceMs >= 0 && Math.abs(nowMs - stampMs) <= toleranceMs;
}
