/** Telnyx's own library on our terms: one try, for it repeats even purchases, a time-out, and faults in our words. */
import type { Telnyx } from 'telnyx';
import { ProviderFault } from './number-shop.ts';

const TIMEOUT_MS = 15_000;

export interface TelnyxLogin {
  readonly apiKey: string;
  /** Without a trailing slash. */
  readonly apiUrl: string;
}

/** A client of one account. The library is loaded here, for it is large. */
export async function createTelnyxClient({ apiKey, apiUrl }: TelnyxLogin): Promise<Telnyx> {
  const { default: Client } = await import('telnyx');
  return new Client({ apiKey, baseURL: apiUrl, timeout: TIMEOUT_MS, maxRetries: 0 });
}

/** The HTTP status of an answer; undefined where none came. */
export function telnyxStatus(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { readonly status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

/** A failure of the library as one of ours, with Telnyx's own words. */
export function telnyxFault(error: unknown): ProviderFault {
  if (error instanceof ProviderFault) return error;
  const status = telnyxStatus(error);
  if (status === undefined || status >= 500 || status === 408) {
    return new ProviderFault('silent', status === undefined ? 'it cannot be reached.' : `it failed with ${status}.`);
  }
  const words = telnyxWords(error);
  if (status === 401 || status === 403) {
    return new ProviderFault(
      'refused',
      `PICKUP_TELNYX_API_KEY is not the key of an account that may do this: ${words}`,
    );
  }
  if (status === 429) return new ProviderFault('refused', `too many requests; try again in a while: ${words}`);
  return new ProviderFault('refused', words);
}

/** A key, also one that is not ours. */
const API_KEY = /KEY[0-9A-Z_-]{8,}/gi;

/** `errors[]` of the answer (developers.telnyx.com/development/api-fundamentals/api-errors), in one line. */
export function telnyxWords(error: unknown): string {
  const { error: body } = (error ?? {}) as { readonly error?: { readonly errors?: unknown } };
  const errors = Array.isArray(body?.errors) ? (body.errors as readonly Record<string, unknown>[]) : [];
  const lines = errors.map(({ code, title, detail }) => {
    const text = typeof detail === 'string' && detail !== '' ? detail : title;
    return `${typeof text === 'string' ? text : 'no reason given'} (error ${String(code ?? 'unknown')})`;
  });
  return lines.length > 0 ? lines.join(' ').replaceAll(API_KEY, 'KEY…').slice(0, 500) : 'no reason given';
}
