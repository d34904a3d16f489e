/** POST /create-phone-number: buys a number that leads here. */
import { createHash } from 'node:crypto';
import {
  apiError,
  CREATE_NUMBER_FIELDS,
  type CreateNumberBody,
  fieldsSchema,
  type NumberProvider,
  type NumberWish,
  type PhoneNumberSettings,
  parseCreateNumber,
} from '@pickup/contract';
import { createBuyer } from '../providers/buy-number.ts';
import { type NumberShop, PROVIDER_LABELS } from '../providers/number-shop.ts';
import { TELNYX_SIGNALLING } from '../providers/telnyx-connection.ts';
import type { NumberRow } from '../stores/port.ts';
import { accountAt, atProvider, refuseUnreachable } from './at-provider.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import { numberBody } from './phone-number-body.ts';
import { checkNumberReferences, numberChecks } from './phone-number-checks.ts';
import type { Route } from './route.ts';

/** The route. Requests that are alike come one after the other, so that a repeated one finds what the first did. */
export function buyNumberRoute(deps: ApiDeps, turns: Turns): Route {
  const { store, clock, newId, log, shops, pause } = deps;
  const buyer = createBuyer({ store, clock, newId, log, pause });
  return {
    method: 'POST',
    path: '/create-phone-number',
    summary: 'Buy a number at Twilio or Telnyx and lead it here',
    access: 'write',
    status: 201,
    body: fieldsSchema(CREATE_NUMBER_FIELDS, true),
    async handle({ body, warn, delivered }) {
      const read = accept(parseCreateNumber(body, numberChecks(deps)), warn);
      const provider = read.number_provider;
      const shop = accountAt(shops, provider, {
        purpose: 'to buy a number with',
        otherwise: `buy it at ${PROVIDER_LABELS[provider]} and take it in with POST /import-phone-number`,
      });
      refuseUnreachable(shops, provider);
      const sent = new Set(Object.keys(read.number.settings));
      await checkNumberReferences(deps, settingsOf(read, '', clock.wallMs()), sent, warn);
      const fingerprint = fingerprintOf(body);
      return turns(`purchase ${fingerprint}`, async () => {
        for (const doubt of shops.doubts(provider)) warn(doubt);
        await warnOfAccount(shop, warn);
        const bought = await atProvider(provider, buyer.buy({ shop, wish: read.wish, fingerprint }));
        if (bought.kind === 'exists') throw exists(read.wish.phone_number ?? '');
        if (bought.kind === 'none_on_sale') throw noneOnSale(provider, read.wish, bought.reason);
        const { purchase } = bought;
        const row = bought.number ?? rowOf(deps, read, purchase.phone_number);
        if (bought.number === undefined && !(await store.putNumber(row, 'create'))) throw exists(purchase.phone_number);
        await buyer.stored(purchase, delivered());
        return numberBody(row);
      });
    },
  };
}

/** An account that cannot be looked at will not sell either, and then says why. */
async function warnOfAccount(shop: NumberShop, warn: (message: string) => void): Promise<void> {
  const warnings = await shop.accountWarnings().catch(() => []);
  for (const warning of warnings) warn(warning);
}

/** Passwords are left out: a hash of a weak one would tell it. */
function fingerprintOf(body: unknown): string {
  const { sip_inbound_password: _secret, ...told } = (body ?? {}) as Record<string, unknown>;
  return createHash('sha256')
    .update(JSON.stringify(sorted(told)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}

function settingsOf(read: CreateNumberBody, phoneNumber: string, now: number): PhoneNumberSettings {
  const { settings } = read.number;
  const isGuarded = Boolean(settings.sip_peers ?? settings.sip_inbound_username);
  return {
    phone_number: phoneNumber,
    phone_number_type: `retell-${read.number_provider}`,
    // By it the action of the call at Twilio can tell a full house from a refusal.
    ...(read.number_provider === 'twilio' && { outcome_header: true }),
    ...(read.number_provider === 'telnyx' && !isGuarded && { sip_peers: TELNYX_SIGNALLING }),
    ...settings,
    last_modification_timestamp: now,
  };
}

/** Calls from Twilio show a name and a password that were made for this number alone. */
function rowOf(deps: ApiDeps, read: CreateNumberBody, phoneNumber: string): NumberRow {
  const settings = settingsOf(read, phoneNumber, deps.clock.wallMs());
  const { sip_inbound_password: given } = read.number;
  if (settings.sip_inbound_username && given) {
    return { settings, sealed_sip_inbound_password: deps.sealInboundPassword(given, phoneNumber) };
  }
  if (read.number_provider !== 'twilio') return { settings };
  const login = { sip_inbound_username: `twilio-${deps.newId().slice(0, 16)}` };
  return {
    settings: { ...settings, ...login },
    sealed_sip_inbound_password: deps.sealInboundPassword(deps.newId(), phoneNumber),
  };
}

function exists(id: string): ApiFailure {
  return new ApiFailure(apiError('number_exists', { id }));
}

function noneOnSale(provider: NumberProvider, wish: NumberWish, reason: string | undefined): ApiFailure {
  const kind = `${wish.toll_free ? 'toll-free ' : ''}in ${wish.country_code}`;
  const area = wish.area_code === undefined ? '' : ` with the area code ${wish.area_code}`;
  const wanted = wish.phone_number === undefined ? `${kind}${area}` : `that is ${wish.phone_number}`;
  const because = reason === undefined ? '' : ` (${reason.replace(/\.$/, '')})`;
  return new ApiFailure(apiError('none_on_sale', { provider: PROVIDER_LABELS[provider], wish: `${wanted}${because}` }));
}
