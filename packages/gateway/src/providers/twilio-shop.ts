/** Numbers of an account at Twilio, through its own library. */
import type { NumberWish } from '@pickup/contract';
import type { Twilio } from 'twilio';
import type { NumberShop, Purchase, Sale } from './number-shop.ts';
import { createTwilioClient, type TwilioLogin, twilioCode, twilioFault, twilioStatus } from './twilio-client.ts';
import { twilioSettings } from './twilio-settings.ts';

/** https://www.twilio.com/docs/api/errors/21422: the number is not available. */
const NOT_AVAILABLE = 21422;
const MOST_FOUND = 10;

export interface TwilioShopDeps extends TwilioLogin {
  /** Where others reach the API, without a slash at its end. */
  readonly publicUrl: string;
}

/** The account as a shop. */
export function createTwilioShop(deps: TwilioShopDeps): NumberShop {
  let client: Promise<Twilio> | undefined;
  const settings = twilioSettings(deps.publicUrl);
  /** One request, its failure in our words. */
  const ask = async <T>(request: (account: Twilio) => Promise<T>): Promise<T> => {
    client ??= createTwilioClient(deps);
    const account = await client;
    return request(account).catch((error) => Promise.reject(twilioFault(error)));
  };
  // The list also finds numbers that only contain the digits.
  const find = (phoneNumber: string) =>
    ask((account) => account.incomingPhoneNumbers.list({ phoneNumber, limit: 50 })).then((list) =>
      list.find((one) => one.phoneNumber === phoneNumber),
    );
  return {
    provider: 'twilio',
    async accountWarnings() {
      const { type } = await ask((account) => account.api.v2010.accounts(deps.accountSid).fetch());
      return type === 'Trial' ? [TRIAL] : [];
    },
    search: (wish) => ask((account) => search(account, wish)),
    buy: (purchase) => ask((account) => buy(account, purchase, settings)),
    async isBought({ purchase_id, phone_number }) {
      const list = await ask((account) => account.incomingPhoneNumbers.list({ friendlyName: purchase_id, limit: 50 }));
      return list.some((one) => one.friendlyName === purchase_id && one.phoneNumber === phone_number);
    },
    async point(phoneNumber) {
      const found = await find(phoneNumber);
      // An application or a trunk would win over the URLs.
      const none = { voiceApplicationSid: '', smsApplicationSid: '', trunkSid: '' };
      if (found) await ask((account) => account.incomingPhoneNumbers(found.sid).update({ ...settings, ...none }));
    },
    async release(phoneNumber) {
      const found = await find(phoneNumber);
      if (!found) return 'not_ours';
      await ask((account) =>
        account
          .incomingPhoneNumbers(found.sid)
          .remove()
          .catch((error) => (twilioStatus(error) === 404 ? true : Promise.reject(error))),
      );
      return 'released';
    },
    async differences(phoneNumber) {
      const found = await find(phoneNumber);
      if (!found) return [`the account at Twilio does not have ${phoneNumber} any more`];
      const changed = (Object.keys(settings) as (keyof typeof settings)[])
        .filter((name) => found[name] !== settings[name])
        .map((name) => `${name} of ${phoneNumber} is ${found[name] || 'empty'} instead of ${settings[name]}`);
      const shadowed = (['voiceApplicationSid', 'smsApplicationSid', 'trunkSid'] as const)
        .filter((name) => Boolean(found[name]))
        .map((name) => `${name} of ${phoneNumber} is set, so its URL is not asked`);
      return [...changed, ...shadowed];
    },
  };
}

const TRIAL =
  'The account at Twilio is a trial: it has one number, says so to callers first, and calls and texts verified numbers only.';

async function search(account: Twilio, wish: NumberWish): Promise<readonly string[]> {
  const country = account.availablePhoneNumbers(wish.country_code);
  const { area_code: areaCode } = wish;
  const asked = { ...(areaCode !== undefined && { areaCode }), voiceEnabled: true, smsEnabled: true };
  // It has no such list where the country has no numbers of the kind.
  const options = { ...asked, excludeAllAddressRequired: true, limit: MOST_FOUND };
  const list: Promise<readonly { readonly phoneNumber: string }[]> = wish.toll_free
    ? country.tollFree.list(options)
    : country.local.list(options);
  const found = await list.catch((error) => (twilioStatus(error) === 404 ? [] : Promise.reject(error)));
  return found.map((one) => one.phoneNumber);
}

async function buy(account: Twilio, purchase: Purchase, settings: object): Promise<Sale> {
  const { phone_number: phoneNumber, purchase_id: friendlyName } = purchase;
  return account.incomingPhoneNumbers.create({ phoneNumber, friendlyName, ...settings }).then(
    () => ({ sold: true }),
    (error) => {
      if (twilioCode(error) !== NOT_AVAILABLE) throw error;
      return { sold: false, reason: twilioFault(error).message };
    },
  );
}
