/** Twilio's account resource, its numbers on sale, and the numbers of the account. */
import type { ApiReply, ApiRequest, ApiRoute } from '../http-api/index.ts';
import { formOf, makeSid, rfc2822, type TwilioAccount, twilioError, twilioPage } from './account.ts';

/** A number of the account; `settings` by the names of the form, `VoiceUrl`, `SmsUrl`… */
export interface TwilioNumber {
  readonly sid: string;
  readonly phoneNumber: string;
  readonly settings: Map<string, string>;
}

/** A number on sale. */
export interface TwilioOffer {
  readonly phoneNumber: string;
  /** Default `US`. */
  readonly country?: 'US' | 'CA';
  readonly tollFree?: boolean;
}

/** The part of an account that has to do with numbers; `serve` its routes with the fake's own. */
export interface TwilioNumbers {
  /** On sale; what is bought disappears from it. */
  readonly offers: TwilioOffer[];
  /** Of the account, oldest first. */
  readonly owned: TwilioNumber[];
  /** `Trial`: a second number is refused. */
  type: 'Full' | 'Trial';
  readonly routes: readonly ApiRoute[];
}

/** The settings a number has, with the names of the form and those of the resource. */
const SETTINGS = [
  ['FriendlyName', 'friendly_name'],
  ['VoiceUrl', 'voice_url'],
  ['VoiceMethod', 'voice_method'],
  ['VoiceFallbackUrl', 'voice_fallback_url'],
  ['VoiceFallbackMethod', 'voice_fallback_method'],
  ['VoiceApplicationSid', 'voice_application_sid'],
  ['TrunkSid', 'trunk_sid'],
  ['SmsUrl', 'sms_url'],
  ['SmsMethod', 'sms_method'],
  ['SmsFallbackUrl', 'sms_fallback_url'],
  ['SmsFallbackMethod', 'sms_fallback_method'],
  ['SmsApplicationSid', 'sms_application_sid'],
  ['StatusCallback', 'status_callback'],
] as const;

/** Numbers of an account, none at first. */
export function createTwilioNumbers(account: TwilioAccount, offers: readonly TwilioOffer[] = []): TwilioNumbers {
  const base = `/2010-04-01/Accounts/${account.accountSid}`;
  const own = `${base}/IncomingPhoneNumbers`;
  const one = new RegExp(`${own}/(PN[0-9a-f]{32})\\.json`);
  const numbers: TwilioNumbers = {
    offers: [...offers],
    owned: [],
    type: 'Full',
    routes: [
      { method: 'GET', path: new RegExp(`${base}\\.json`), serve: () => accountResource(account, numbers.type) },
      {
        method: 'GET',
        path: new RegExp(`${base}/AvailablePhoneNumbers/(\\w\\w)/(Local|TollFree)\\.json`),
        serve: (request) => onSale(numbers, request),
      },
      { method: 'GET', path: new RegExp(`${own}\\.json`), serve: (request) => list(numbers, account, request) },
      { method: 'POST', path: new RegExp(`${own}\\.json`), serve: (request) => buy(numbers, account, request) },
      { method: 'POST', path: one, serve: (request) => change(numbers, account, request) },
      { method: 'DELETE', path: one, serve: (request) => release(numbers, request) },
    ],
  };
  return numbers;
}

function accountResource({ accountSid }: TwilioAccount, type: 'Full' | 'Trial'): ApiReply {
  const json = { sid: accountSid, friendly_name: 'test', status: 'active', type, owner_account_sid: accountSid };
  return { status: 200, json };
}

function onSale(numbers: TwilioNumbers, request: ApiRequest): ApiReply {
  const [country, kind] = request.params;
  const areaCode = request.query.get('AreaCode');
  const found = numbers.offers.filter(
    (offer) =>
      (offer.country ?? 'US') === country &&
      (offer.tollFree === true) === (kind === 'TollFree') &&
      (areaCode === null || offer.phoneNumber.slice(2, 5) === areaCode),
  );
  return twilioPage(
    request,
    'available_phone_numbers',
    found.map(({ phoneNumber }) => ({
      friendly_name: phoneNumber,
      phone_number: phoneNumber,
      iso_country: country,
      address_requirements: 'none',
      capabilities: { voice: true, SMS: true, MMS: true },
    })),
  );
}

function list(numbers: TwilioNumbers, account: TwilioAccount, request: ApiRequest): ApiReply {
  const { query } = request;
  const digits = query.get('PhoneNumber')?.replace(/\D/g, '');
  const name = query.get('FriendlyName');
  const found = numbers.owned.filter(
    (number) =>
      (digits === undefined || number.phoneNumber.includes(digits)) &&
      (name === null || number.settings.get('FriendlyName') === name),
  );
  return twilioPage(
    request,
    'incoming_phone_numbers',
    found.map((number) => resource(number, account)),
  );
}

function buy(numbers: TwilioNumbers, account: TwilioAccount, request: ApiRequest): ApiReply {
  const form = formOf(request);
  const phoneNumber = form.get('PhoneNumber') ?? '';
  if (!/^\+[1-9]\d{6,14}$/.test(phoneNumber)) return twilioError(400, 21421, `PhoneNumber ${phoneNumber} is invalid`);
  if (numbers.type === 'Trial' && numbers.owned.length > 0) {
    return twilioError(400, 21404, 'Trial accounts are allowed only one Twilio number. Upgrade for more.');
  }
  const at = numbers.offers.findIndex((offer) => offer.phoneNumber === phoneNumber);
  if (at < 0) return twilioError(400, 21422, `${phoneNumber} is not available.`);
  numbers.offers.splice(at, 1);
  const number = { sid: makeSid('PN'), phoneNumber, settings: new Map<string, string>() };
  set(number, form);
  numbers.owned.push(number);
  return { status: 201, json: resource(number, account) };
}

function change(numbers: TwilioNumbers, account: TwilioAccount, request: ApiRequest): ApiReply {
  const number = numbers.owned.find(({ sid }) => sid === request.params[0]);
  if (number === undefined) return notFound(request);
  set(number, formOf(request));
  return { status: 200, json: resource(number, account) };
}

function release(numbers: TwilioNumbers, request: ApiRequest): ApiReply {
  const at = numbers.owned.findIndex(({ sid }) => sid === request.params[0]);
  if (at < 0) return notFound(request);
  numbers.owned.splice(at, 1);
  return { status: 204 };
}

function notFound({ path }: ApiRequest): ApiReply {
  return twilioError(404, 20404, `The requested resource ${path} was not found`);
}

function set(number: TwilioNumber, form: URLSearchParams): void {
  for (const [name] of SETTINGS) {
    const value = form.get(name);
    if (value !== null) number.settings.set(name, value);
  }
}

function resource({ sid, phoneNumber, settings }: TwilioNumber, { accountSid }: TwilioAccount): object {
  const set = SETTINGS.map(([name, key]) => [key, settings.get(name) ?? (name.endsWith('Method') ? 'POST' : '')]);
  return {
    account_sid: accountSid,
    sid,
    phone_number: phoneNumber,
    ...Object.fromEntries(set),
    date_created: rfc2822(Date.now()),
    date_updated: rfc2822(Date.now()),
    capabilities: { voice: true, SMS: true, MMS: true, fax: false },
    status: 'in-use',
    origin: 'twilio',
    api_version: '2010-04-01',
    uri: `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers/${sid}.json`,
  };
}
