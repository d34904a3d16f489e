/** Phone numbers: buy, import, read, change, list, delete. */
import {
  apiError,
  fieldsSchema,
  IMPORT_NUMBER_FIELDS,
  type NumberBody,
  type NumberProvider,
  type PhoneNumberSettings,
  parseImportNumber,
  parseUpdateNumber,
  UPDATE_NUMBER_FIELDS,
} from '@pickup/contract';
import { PROVIDER_LABELS } from '../providers/number-shop.ts';
import type { NumberRow } from '../stores/port.ts';
import { accountAt, atProvider } from './at-provider.ts';
import { buyNumberRoute } from './buy-number.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, unknownAsset } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import { PAGE_QUERY, pageOf, renderPage, WHOLE } from './page.ts';
import { numberBody } from './phone-number-body.ts';
import { checkNumberReferences, numberChecks, providerWarning, spellingWarning } from './phone-number-checks.ts';
import type { Route } from './route.ts';

type Trunk = NonNullable<PhoneNumberSettings['sip_outbound_trunk_config']>;

/** The routes of phone numbers. */
export function phoneNumberRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    buyNumberRoute(deps, turns),
    importRoute(deps),
    ...readRoutes(deps),
    updateRoute(deps, turns),
    deleteRoute(deps, turns),
  ];
}

function importRoute(deps: ApiDeps): Route {
  return {
    method: 'POST',
    path: '/import-phone-number',
    summary: 'Import a number of your own carrier',
    access: 'write',
    status: 201,
    body: fieldsSchema(IMPORT_NUMBER_FIELDS, true),
    async handle({ body, warn }) {
      const read = accept(parseImportNumber(body, numberChecks(deps)), warn);
      const phoneNumber = read.phone_number!;
      const spelling = spellingWarning(phoneNumber);
      if (spelling !== undefined) warn(spelling);
      const now = deps.clock.wallMs();
      const settings = applyBody(
        { phone_number: phoneNumber, phone_number_type: 'custom', last_modification_timestamp: now },
        read,
        now,
      );
      await checkNumberReferences(deps, settings, new Set(Object.keys(read.settings)), warn);
      const row: NumberRow = { settings, ...sealedPasswords(deps, phoneNumber, undefined, read) };
      if (!(await deps.store.putNumber(row, 'create'))) {
        throw new ApiFailure(apiError('number_exists', { id: phoneNumber }));
      }
      return numberBody(row);
    },
  };
}

function updateRoute(deps: ApiDeps, turns: Turns): Route {
  return {
    method: 'PATCH',
    path: '/update-phone-number/{phone_number}',
    summary: 'Change a number',
    access: 'write',
    body: fieldsSchema(UPDATE_NUMBER_FIELDS, true),
    handle: ({ params, body, warn }) =>
      turns(`number ${params['phone_number']}`, async () => {
        const before = await findNumber(deps, params['phone_number']!);
        const { phone_number } = before.settings;
        const hasLogin = before.sealed_sip_inbound_password !== undefined;
        const read = accept(
          parseUpdateNumber(body, { phone_number, hasLogin, before: before.settings, ...numberChecks(deps) }),
          warn,
        );
        const settings = applyBody(before.settings, read, deps.clock.wallMs());
        const sent = new Set(Object.keys(read.settings));
        await checkNumberReferences(deps, settings, sent, warn);
        const lockedOut = providerWarning(settings, sent);
        if (lockedOut !== undefined) warn(lockedOut);
        const row: NumberRow = { settings, ...sealedPasswords(deps, phone_number, before, read) };
        await deps.store.putNumber(row, 'replace');
        return numberBody(row);
      }),
  };
}

function readRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/get-phone-number/{phone_number}',
      summary: 'Read a number',
      access: 'read',
      handle: async ({ params }) => numberBody(await findNumber(deps, params['phone_number']!)),
    },
    {
      method: 'GET',
      path: '/v2/list-phone-numbers',
      summary: 'List numbers',
      access: 'read',
      query: PAGE_QUERY,
      handle: async (ask) => renderPage(await deps.store.listNumbers(pageOf(ask)), numberBody),
    },
    {
      method: 'GET',
      path: '/list-phone-numbers',
      summary: 'List numbers as a bare array (older SDKs); at most the newest 1,000',
      access: 'read',
      handle: async () => (await deps.store.listNumbers(WHOLE)).items.map(numberBody),
    },
  ];
}

function deleteRoute(deps: ApiDeps, turns: Turns): Route {
  return {
    method: 'DELETE',
    path: '/delete-phone-number/{phone_number}',
    summary: 'Delete a number; one that was bought is given back to its provider, unless release=false',
    access: 'write',
    status: 204,
    query: ['release'],
    handle: ({ params, query, warn }) =>
      turns(`number ${params['phone_number']}`, async () => {
        const row = await findNumber(deps, params['phone_number']!);
        if (query['release'] !== 'false') await giveBack(deps, row, warn);
        if (!(await deps.store.deleteNumber(row.settings.phone_number))) throw unknownAsset();
      }),
  };
}

/**
 * At the provider first: what fails there leaves the number here, to be tried again. Throws 400 or 502 then. One that the
 * account does not have any more is deleted all the same.
 */
async function giveBack(deps: ApiDeps, { settings }: NumberRow, warn: (message: string) => void): Promise<void> {
  const { phone_number: phoneNumber, phone_number_type: type } = settings;
  if (type === 'custom') return;
  const provider: NumberProvider = type === 'retell-telnyx' ? 'telnyx' : 'twilio';
  const label = PROVIDER_LABELS[provider];
  const shop = accountAt(deps.shops, provider, {
    purpose: 'to give the number back with',
    otherwise: `delete it here alone with ?release=false; ${label} goes on charging for it then`,
  });
  const released = await atProvider(provider, shop.release(phoneNumber));
  deps.log.info('number_released', { provider, released, 'pii.phone_number': phoneNumber });
  if (released === 'not_ours') warn(`The account at ${label} did not have ${phoneNumber} any more.`);
}

async function findNumber(deps: ApiDeps, number: string): Promise<NumberRow> {
  const row = await deps.store.getNumber(number);
  if (row === undefined) throw unknownAsset();
  return row;
}

/** Absent keeps a password, "" removes it; null too, where it may be sent. */
function sealedPasswords(
  deps: ApiDeps,
  phoneNumber: string,
  before: NumberRow | undefined,
  { auth_password: trunk, sip_inbound_password: inbound }: NumberBody,
): Omit<NumberRow, 'settings'> {
  const sealedTrunk = trunk === undefined ? before?.sealed_auth_password : sealed(deps.sealTrunkPassword, trunk);
  const sealedInbound =
    inbound === undefined ? before?.sealed_sip_inbound_password : sealed(deps.sealInboundPassword, inbound);
  return {
    ...(sealedTrunk !== undefined && { sealed_auth_password: sealedTrunk }),
    ...(sealedInbound !== undefined && { sealed_sip_inbound_password: sealedInbound }),
  };
  function sealed(seal: ApiDeps['sealTrunkPassword'], password: string | null): string | undefined {
    return password === null || password === '' ? undefined : seal(password, phoneNumber);
  }
}

function applyBody(before: PhoneNumberSettings, body: NumberBody, now: number): PhoneNumberSettings {
  const trunk = applyTrunk(before.sip_outbound_trunk_config, body.trunk);
  return {
    ...before,
    ...body.settings,
    ...(trunk && { sip_outbound_trunk_config: trunk }),
    last_modification_timestamp: now,
  };
}

/** Null brings back the default transport, "" removes the user name. */
function applyTrunk(before: Trunk | undefined, sent: NumberBody['trunk']): Trunk | undefined {
  const termination_uri = sent.termination_uri ?? before?.termination_uri;
  if (termination_uri === undefined) return undefined;
  const auth_username = sent.auth_username ?? before?.auth_username;
  const transport = sent.transport === undefined ? before?.transport : sent.transport;
  return { termination_uri, ...(auth_username && { auth_username }), ...(transport && { transport }) };
}
