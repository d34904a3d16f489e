/** Twilio's own library on our terms: another base URL where one is set, one try, a time-out, and faults in our words. */
import type { Twilio } from 'twilio';
import { ProviderFault } from './number-shop.ts';

/** Longer than its slowest answers; a caller waits for none of them. */
const TIMEOUT_MS = 15_000;

export interface TwilioLogin {
  readonly accountSid: string;
  readonly authToken: string;
  /** Without a trailing slash. */
  readonly apiUrl: string;
}

/** A client of one account. The library is loaded here, for it is large. */
export async function createTwilioClient({ accountSid, authToken, apiUrl }: TwilioLogin): Promise<Twilio> {
  const { default: twilio } = await import('twilio');
  const inner = new twilio.RequestClient({ timeout: TIMEOUT_MS });
  const rebased = { request: (options: { readonly uri: string }) => inner.request(rebase(options, apiUrl) as never) };
  return twilio(accountSid, authToken, { httpClient: rebased as never });
}

function rebase<T extends { readonly uri: string }>(options: T, apiUrl: string): T {
  const { pathname, search } = new URL(options.uri);
  return { ...options, uri: `${apiUrl}${pathname}${search}` };
}

/** Twilio's number for its errors; undefined where the failure is not one of its answers. */
export function twilioCode(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** The HTTP status of an answer. */
export function twilioStatus(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { readonly status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

/** A failure of the library as one of ours. Twilio's own words are passed on, without what they say of the account. */
export function twilioFault(error: unknown): ProviderFault {
  const status = twilioStatus(error);
  if (status === undefined || status >= 500 || status === 408) {
    return new ProviderFault('silent', status === undefined ? 'it cannot be reached.' : `it failed with ${status}.`);
  }
  if (status === 401 || status === 403) {
    const named = 'PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN';
    return new ProviderFault('refused', `${named} are not those of an account that may do this${inWords(error)}`);
  }
  if (status === 429) return new ProviderFault('refused', `too many requests; try again in a while${inWords(error)}`);
  return new ProviderFault('refused', inWords(error).replace(/^: /, ''));
}

/** Of an account: its SID, which stands in the paths that Twilio quotes, and its token. */
const SECRET = /(?<![0-9a-f])(AC)?[0-9a-f]{32}(?![0-9a-f])/gi;

function inWords(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  const code = twilioCode(error);
  const text = typeof message === 'string' ? message.replaceAll(SECRET, '…').slice(0, 500) : 'no reason given';
  return `: ${text}${code === undefined ? '' : ` (error ${code})`}`;
}
