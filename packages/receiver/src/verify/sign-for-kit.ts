/** How the test kit signs for a handler: with the handler's first key, which never leaves it. */
import { formatSignatureHeader } from '@pickup/signature';
import { type HmacKey, hmacKey } from './hmac.ts';

/** Makes the value of `x-retell-signature` for a body and a stamp in epoch ms. */
export type Sign = (body: string, stampMs: number) => Promise<string>;

/** Of the realm, so that the ESM and the CommonJS build, loaded together, agree. */
const SIGN = Symbol.for('@pickup/receiver/sign');

/** Lets the test kit sign for this handler. */
export function letKitSign<Handler extends object>(handler: Handler, key: HmacKey): Handler {
  return Object.defineProperty(handler, SIGN, { value: signer(key) });
}

/** The signer of a handler of createInboundHandler; undefined for anything else. */
export function signerOf(handler: unknown): Sign | undefined {
  return (handler as { [SIGN]?: Sign } | null | undefined)?.[SIGN];
}

/** A signer with a key of its own. */
export function signWith(apiKey: string): Sign {
  return signer(hmacKey(apiKey.trim()));
}

function signer(key: HmacKey): Sign {
  return async (body, stampMs) =>
    formatSignatureHeader({ stampMs, digest: await key.sign(new TextEncoder().encode(body), stampMs) });
}
