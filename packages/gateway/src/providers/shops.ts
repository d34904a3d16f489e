/** The accounts that an operator has set, as shops. */
import type { NumberProvider } from '@pickup/contract';
import type { Config } from '../config/index.ts';
import type { NumberShop } from './number-shop.ts';
import type { SipTarget } from './sip-target.ts';
import { createTelnyxShop } from './telnyx-shop.ts';
import { createTwilioShop } from './twilio-shop.ts';

export interface ShopsDeps {
  readonly config: Pick<Config, 'publicUrl' | 'twilio' | 'telnyx'> & {
    readonly sip?: Pick<Config['sip'], 'digests'>;
  };
  /** Where others reach SIP; undefined where that is not known. */
  readonly sipTarget: () => SipTarget | undefined;
  readonly clock: { after(delayMs: number, fire: () => void): () => void };
}

/** A setting that is missing, with what it is for. */
export interface MissingSetting {
  readonly name: string;
  readonly meaning: string;
}

export interface Shops {
  /** Undefined without credentials. */
  account(provider: NumberProvider): NumberShop | undefined;
  /** What a number needs to be led here, beside the credentials. */
  missing(): readonly MissingSetting[];
  /** What of the settings a provider may stumble over. */
  doubts(provider: NumberProvider): readonly string[];
}

/** The settings that credentials consist of. */
export const CREDENTIALS: Readonly<Record<NumberProvider, string>> = {
  twilio: 'PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN',
  telnyx: 'PICKUP_TELNYX_API_KEY',
};

/** Twilio's documents name no other hash (twilio.com/docs/voice/sip/api/sip-credential-resource). */
const NO_MD5 =
  'PICKUP_SIP_DIGEST leaves out MD5, by which Twilio proves its password: its calls may be turned away. Set PICKUP_SIP_DIGEST=SHA-256,MD5.';

/** Shops by the configuration. Nobody is asked anything yet. */
export function createShops({ config, sipTarget, clock }: ShopsDeps): Shops {
  const { twilio, telnyx, publicUrl = '' } = config;
  const { accountSid, authToken } = twilio;
  const { apiKey } = telnyx;
  const accounts: Partial<Record<NumberProvider, NumberShop>> = {
    ...(accountSid !== undefined &&
      authToken !== undefined && {
        twilio: createTwilioShop({ accountSid, authToken, apiUrl: twilio.apiUrl, publicUrl }),
      }),
    ...(apiKey !== undefined && {
      telnyx: createTelnyxShop({
        apiKey,
        apiUrl: telnyx.apiUrl,
        clock,
        place() {
          const sip = sipTarget();
          if (sip === undefined || publicUrl === '')
            throw new Error('A number was pointed at a gateway nobody reaches.');
          return { publicUrl, sip };
        },
      }),
    }),
  };
  return {
    account: (provider) => accounts[provider],
    doubts: (provider) => (provider === 'twilio' && config.sip?.digests.includes('MD5') === false ? [NO_MD5] : []),
    missing: () => [
      ...(config.publicUrl === undefined
        ? [{ name: 'PICKUP_PUBLIC_URL', meaning: 'the URL under which the provider reaches this API' }]
        : []),
      ...(sipTarget() === undefined
        ? [{ name: 'PICKUP_SIP_PUBLIC_HOST', meaning: 'the host under which the provider reaches SIP' }]
        : []),
    ],
  };
}
