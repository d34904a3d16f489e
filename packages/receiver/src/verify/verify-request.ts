import type { Verification } from './verification.ts';
import { type VerifySignatureInput, verifySignature } from './verify-signature.ts';

/** The header that carries the signature. */
export const SIGNATURE_HEADER = 'x-retell-signature';

/**
 * Verifies a Web request by itself, without a handler. The whole body is read, from a clone, so that it can be read
 * again: bounding it is for the server in front.
 * @throws TypeError where the body was read before, or there is no key.
 */
export async function verifyRequest(
  request: Request,
  options: Pick<VerifySignatureInput, 'apiKey' | 'toleranceMs' | 'nowMs'>,
): Promise<Verification> {
  if (request.bodyUsed) throw new TypeError(BODY_WAS_READ);
  const body = new Uint8Array(await request.clone().arrayBuffer());
  return verifySignature({ ...options, signature: request.headers.get(SIGNATURE_HEADER), body });
}

/** Said where somebody read the body first. */
export const BODY_WAS_READ =
  'The body of the request was read before it could be verified: hand the request over first, or a clone of it.';
