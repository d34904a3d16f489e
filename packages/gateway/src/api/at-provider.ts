/** Failures of Twilio and Telnyx as answers of the API. */
import { apiError, type NumberProvider } from '@pickup/contract';
import { type NumberShop, PROVIDER_LABELS, ProviderFault } from '../providers/number-shop.ts';
import { CREDENTIALS, type Shops } from '../providers/shops.ts';
import { ApiFailure } from './failure.ts';

/** What the provider was asked for; its failure becomes an answer that no SDK repeats by itself. */
export async function atProvider<T>(provider: NumberProvider, asked: Promise<T>): Promise<T> {
  return asked.catch((error) => {
    if (!(error instanceof ProviderFault)) throw error;
    const code = error.kind === 'refused' ? 'provider_refused' : 'provider_silent';
    throw new ApiFailure(apiError(code, { provider: PROVIDER_LABELS[provider], reason: error.message }));
  });
}

/** The account at the provider. Throws 400 `no_credentials` with what to set, or what else can be done. */
export function accountAt(
  shops: Shops,
  provider: NumberProvider,
  { purpose, otherwise }: { readonly purpose: string; readonly otherwise: string },
): NumberShop {
  const shop = shops.account(provider);
  if (shop !== undefined) return shop;
  const credentials = `credentials of ${PROVIDER_LABELS[provider]} ${purpose}`;
  throw new ApiFailure(
    apiError('no_credentials', { credentials, remedy: `set ${CREDENTIALS[provider]}, or ${otherwise}` }),
  );
}

/** Throws 400 `missing_setting` where a number would be led nowhere. */
export function refuseUnreachable(shops: Shops, provider: NumberProvider): void {
  const missing = shops.missing();
  if (missing.length === 0) return;
  const settings = missing.map(({ name, meaning }) => `${name} (${meaning})`).join(' and ');
  throw new ApiFailure(
    apiError('missing_setting', { what: `A number bought at ${PROVIDER_LABELS[provider]}`, settings }),
  );
}
