/** The providers of texts that there are credentials for: their ways out, and what takes their webhooks. */
import type { Config } from '../config/index.ts';
import type { Log } from '../observe/index.ts';
import { createTelnyxEdge, createTelnyxWebhooks, type TelnyxWebhooks } from './telnyx/index.ts';
import type { OnTextStatus, TakeText, TextEdge } from './text-port.ts';
import { createTwilioEdge, createTwilioWebhooks, type TwilioWebhooks } from './twilio/index.ts';

/** The ways out. A provider's library is loaded only where its credentials are set: it costs 100 ms. */
export async function openProviderEdges({
  twilio,
  telnyx,
  publicUrl,
}: Pick<Config, 'twilio' | 'telnyx' | 'publicUrl'>): Promise<readonly TextEdge[]> {
  const { accountSid, authToken } = twilio;
  const { apiKey } = telnyx;
  return Promise.all([
    ...(accountSid && authToken ? [createTwilioEdge({ ...twilio, accountSid, authToken, publicUrl })] : []),
    ...(apiKey ? [createTelnyxEdge({ ...telnyx, apiKey, publicUrl })] : []),
  ]);
}

/** What the API needs for the providers' webhooks; a provider without credentials is absent. */
export interface ProviderWebhooks {
  readonly twilio?: TwilioWebhooks;
  readonly telnyx?: TelnyxWebhooks;
}

export async function openProviderWebhooks(given: {
  readonly config: Pick<Config, 'twilio' | 'telnyx'>;
  /** Where providers reach us, without a slash at its end. */
  readonly publicUrl: () => string;
  readonly takeText: TakeText;
  readonly onStatus: OnTextStatus;
  readonly log: Log;
}): Promise<ProviderWebhooks> {
  const { twilio, telnyx } = given.config;
  const authTokens = [twilio.authToken, twilio.previousAuthToken].filter((token) => token !== undefined);
  return {
    ...(authTokens.length > 0 && { twilio: await createTwilioWebhooks({ ...given, authTokens }) }),
    ...(telnyx.publicKey && { telnyx: await createTelnyxWebhooks({ ...given, publicKey: telnyx.publicKey }) }),
  };
}
