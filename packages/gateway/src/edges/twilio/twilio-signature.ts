/** Proves that a request is Twilio's, by Twilio's own code: `X-Twilio-Signature` covers our public URL and the form. */
import type { WebhookRequest } from '../webhook-request.ts';

/** The fields of a form; a name that came several times has a list. */
export type TwilioFields = Readonly<Record<string, string | readonly string[]>>;

/** The fields of a request that Twilio signed; undefined for any other. */
export type ReadTwilioForm = (request: WebhookRequest) => TwilioFields | undefined;

/** One of the tokens has to fit. Loads Twilio's code, the webhooks' part of it alone. */
export async function createTwilioReader(options: {
  readonly authTokens: readonly string[];
  /** Where Twilio reaches us, without a slash at its end. */
  readonly publicUrl: () => string;
}): Promise<ReadTwilioForm> {
  const { validateRequest } = await import('twilio/lib/webhooks/webhooks.js');
  return ({ url, headers, body }) => {
    const signature = headers['x-twilio-signature'];
    if (typeof signature !== 'string' || signature === '') return undefined;
    const fields = readForm(body);
    const full = `${options.publicUrl()}${url}`;
    const fits = (token: string) => validateRequest(token, signature, full, fields as Record<string, unknown>);
    return options.authTokens.some(fits) ? fields : undefined;
  };
}

/** Names reach no prototype: `fromEntries` makes every one a property of its own. */
function readForm(body: Buffer): TwilioFields {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(body.toString())) {
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (typeof before === 'string') fields.set(name, [before, value]);
    else before.push(value);
  }
  return Object.fromEntries(fields);
}
