/** Whether a request was signed by Pickup (inbound.md B2), and if not, which step failed. */
import { DEFAULT_TOLERANCE_MS, isFresh, parseSignatureHeader } from '@pickup/signature';
import { type HmacKey, hmacKey } from './hmac.ts';
import {
  bodyChanged,
  malformedSignature,
  missingSignature,
  staleTimestamp,
  type Verification,
  wrongKey,
} from './verification.ts';

/** One key, or several while they are changed: any of them may have signed. */
export type ApiKeys = string | readonly string[];

/** What is verified, and with what. */
export interface VerifySignatureInput {
  /** `x-retell-signature`. */
  readonly signature: string | readonly string[] | null | undefined;
  /**
   * The raw body. A parsed one (an object) is written as compact JSON first, which is what Pickup sends: it verifies
   * unless something changed it.
   */
  readonly body: string | Uint8Array | object;
  /** Undefined, as an environment variable may be, throws. */
  readonly apiKey: ApiKeys | undefined;
  /** How far the stamp may lie from now, either way, in ms. Default 300,000. */
  readonly toleranceMs?: number;
  /** Epoch ms now. Default the machine's clock. */
  readonly nowMs?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The keys, ready for use; blanks around a key (the line break at a file's end) are cut.
 * @throws TypeError where there is no key, which would let nobody in or everybody.
 */
export function importKeys(apiKey: ApiKeys | undefined): readonly HmacKey[] {
  const secrets = (typeof apiKey === 'string' ? [apiKey] : Array.isArray(apiKey) ? apiKey : []).map((secret) =>
    typeof secret === 'string' ? secret.trim() : '',
  );
  if (secrets.length === 0 || secrets.includes(''))
    throw new TypeError(
      `apiKey is ${apiKey === undefined ? 'undefined' : 'empty'}: set it to the API key that signs the webhooks (pickup keys list marks it), or to a list of keys.`,
    );
  return secrets.map(hmacKey);
}

/** Verifies a signature against the raw body. Never throws on what was sent; throws TypeError without a key. */
export async function verifySignature(input: VerifySignatureInput): Promise<Verification> {
  return verifyWithKeys(input, importKeys(input.apiKey));
}

/** As verifySignature, with keys that were imported before. */
export async function verifyWithKeys(
  { signature, body, toleranceMs = DEFAULT_TOLERANCE_MS, nowMs = Date.now() }: Omit<VerifySignatureInput, 'apiKey'>,
  keys: readonly HmacKey[],
): Promise<Verification> {
  if (signature === undefined || signature === null || signature === '') return missingSignature();
  const header = parseSignatureHeader(signature);
  if (header === undefined) return malformedSignature();
  const parsed = typeof body !== 'string' && !ArrayBuffer.isView(body);
  const bytes = bytesOf(body);
  const made = async (candidate: Uint8Array): Promise<boolean> => {
    for (const key of keys) if (await key.verify(header.digest, candidate, header.stampMs)) return true;
    return false;
  };
  if (await made(bytes)) {
    if (!isFresh(header.stampMs, nowMs, toleranceMs)) return staleTimestamp(header.stampMs, nowMs, toleranceMs);
    return { ok: true, body: decoder.decode(bytes), signedAt: header.stampMs };
  }
  const rewritten = parsed ? undefined : compact(bytes);
  if (rewritten !== undefined && (await made(rewritten))) return bodyChanged();
  return wrongKey(keys.length, parsed);
}

function bytesOf(body: string | Uint8Array | object): Uint8Array {
  if (typeof body === 'string') return encoder.encode(body);
  return ArrayBuffer.isView(body) ? (body as Uint8Array) : encoder.encode(JSON.stringify(body) ?? '');
}

/** The same JSON in the bytes Pickup would send; undefined where it is no JSON. */
function compact(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return encoder.encode(JSON.stringify(JSON.parse(decoder.decode(bytes))));
  } catch {
    return undefined;
  }
}
