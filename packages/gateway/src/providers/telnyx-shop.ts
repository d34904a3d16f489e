/** Numbers of an account at Telnyx, through its own library. */
import type { NumberWish } from '@pickup/contract';
import type { Telnyx } from 'telnyx';
import { type NumberShop, ProviderFault, type Purchase, type Sale } from './number-shop.ts';
import { createTelnyxClient, type TelnyxLogin, telnyxFault, telnyxStatus, telnyxWords } from './telnyx-client.ts';
import { ensureTelnyx, type TelnyxIds, type TelnyxPlace, telnyxName } from './telnyx-connection.ts';

/** An order is worked off after it was taken; most within seconds. */
const POLL_MS = 1_000;
const MOST_POLLS = 15;
const MOST_FOUND = 10;

export interface TelnyxShopDeps extends TelnyxLogin {
  /** Where this gateway is, at this moment. */
  readonly place: () => TelnyxPlace;
  readonly clock: { after(delayMs: number, fire: () => void): () => void };
}

/** The account as a shop. */
export function createTelnyxShop(deps: TelnyxShopDeps): NumberShop {
  let client: Promise<Telnyx> | undefined;
  /** What was ensured last: two purchases at once must not make two connections. */
  let ensured: Promise<unknown> = Promise.resolve();
  const ask = async <T>(request: (account: Telnyx) => Promise<T>): Promise<T> => {
    client ??= createTelnyxClient(deps);
    const account = await client;
    return request(account).catch((error) => Promise.reject(telnyxFault(error)));
  };
  const ensure = (account: Telnyx): Promise<TelnyxIds> => {
    const next = ensured.then(
      () => ensureTelnyx(account, deps.place()),
      () => ensureTelnyx(account, deps.place()),
    );
    ensured = next;
    return next;
  };
  const settle = (account: Telnyx, orderId: string) => followOrder(account, orderId, deps);
  return {
    provider: 'telnyx',
    accountWarnings: async () => [],
    search: (wish) => ask((account) => search(account, wish)),
    buy: (purchase) => ask(async (account) => order(account, { purchase, ids: await ensure(account), settle })),
    isBought: (purchase) => ask((account) => isBought(account, purchase, settle)),
    point: (phoneNumber) =>
      ask(async (account) => {
        const id = await findNumber(account, phoneNumber);
        if (id === undefined) return;
        const { connection_id, messaging_profile_id } = await ensure(account);
        await account.phoneNumbers.update(id, { connection_id });
        await account.phoneNumbers.messaging.update(id, { messaging_profile_id });
      }),
    release: (phoneNumber) =>
      ask(async (account) => {
        const id = await findNumber(account, phoneNumber);
        if (id === undefined) return 'not_ours';
        await account.phoneNumbers.delete(id).catch((error) => {
          if (telnyxStatus(error) !== 404) throw error;
        });
        return 'released';
      }),
    differences: (phoneNumber) => ask((account) => differences(account, phoneNumber, deps.place())),
  };
}

async function search(account: Telnyx, wish: NumberWish): Promise<readonly string[]> {
  const { data = [] } = await account.availablePhoneNumbers.list({
    filter: {
      country_code: wish.country_code,
      phone_number_type: wish.toll_free ? 'toll_free' : 'local',
      features: ['voice', 'sms'],
      limit: MOST_FOUND,
      ...(wish.area_code !== undefined && { national_destination_code: String(wish.area_code) }),
    },
  });
  return data.flatMap(({ phone_number }) => phone_number ?? []);
}

type Settle = (account: Telnyx, orderId: string) => Promise<Sale>;

async function order(
  account: Telnyx,
  { purchase, ids, settle }: { readonly purchase: Purchase; readonly ids: TelnyxIds; readonly settle: Settle },
): Promise<Sale> {
  const { phone_number, purchase_id: customer_reference } = purchase;
  const made = await account.numberOrders
    .create({ phone_numbers: [{ phone_number }], customer_reference, ...ids })
    .catch((error: unknown) => {
      // Its list of errors has no code of its own for a number that somebody else was quicker to order.
      if (![400, 404, 409, 422].includes(telnyxStatus(error) ?? 0)) throw error;
      return telnyxWords(error);
    });
  if (typeof made === 'string') return { sold: false, reason: made };
  if (made.data?.id === undefined) throw new ProviderFault('silent', 'it took the order without saying its id.');
  return settle(account, made.data.id);
}

/** Waits for the end of an order, for a time. */
async function followOrder(account: Telnyx, orderId: string, { clock }: TelnyxShopDeps): Promise<Sale> {
  for (let polls = 0; polls < MOST_POLLS; polls += 1) {
    const { data } = await account.numberOrders.retrieve(orderId);
    if (data?.status === 'success') return { sold: true };
    if (data?.status === 'failure') return { sold: false, reason: 'the order failed.' };
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
  }
  throw new ProviderFault('silent', `order ${orderId} is still being worked off.`);
}

async function isBought(account: Telnyx, purchase: Purchase, settle: Settle): Promise<boolean> {
  const filter = { customer_reference: purchase.purchase_id };
  for await (const found of account.numberOrders.list({ filter })) {
    const isMeant = found.customer_reference === purchase.purchase_id;
    if (!isMeant || found.status === 'failure' || found.id === undefined) continue;
    if (found.status === 'success' || (await settle(account, found.id)).sold) return true;
  }
  return false;
}

async function findNumber(account: Telnyx, phoneNumber: string): Promise<string | undefined> {
  // Digits alone: with anything else nothing is found.
  const filter = { phone_number: phoneNumber.replace(/\D/g, '') };
  for await (const one of account.phoneNumbers.list({ filter })) if (one.phone_number === phoneNumber) return one.id;
  return undefined;
}

async function differences(account: Telnyx, phoneNumber: string, place: TelnyxPlace): Promise<readonly string[]> {
  const id = await findNumber(account, phoneNumber);
  if (id === undefined) return [`the account at Telnyx does not have ${phoneNumber} any more`];
  const { data } = await account.phoneNumbers.retrieve(id);
  const name = telnyxName(place);
  return (['connection_name', 'messaging_profile_name'] as const)
    .filter((field) => data?.[field] !== name)
    .map((field) => `${field} of ${phoneNumber} is ${data?.[field] || 'empty'} instead of ${name}`);
}
