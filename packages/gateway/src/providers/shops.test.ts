/** Both shops against fakes of the providers on real sockets, by the providers' own libraries. */
import { createTelnyxNumbers, type FakeTelnyx, startFakeTelnyx, type TelnyxNumbers } from '@pickup/testkit/telnyx';
import { createTwilioNumbers, type FakeTwilio, startFakeTwilio, type TwilioNumbers } from '@pickup/testkit/twilio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../runners/clock.ts';
import { type NumberShop, ProviderFault } from './number-shop.ts';
import type { SipTarget } from './sip-target.ts';
import { createTelnyxShop } from './telnyx-shop.ts';
import { createTwilioShop } from './twilio-shop.ts';

const PUBLIC_URL = 'https://pickup.example.com';
const OFFERS = [
  { phoneNumber: '+14155550100' },
  { phoneNumber: '+14155550101' },
  { phoneNumber: '+12125550100' },
  { phoneNumber: '+18005550100', tollFree: true },
  { phoneNumber: '+16045550100', country: 'CA' as const },
];
const US = { country_code: 'US', toll_free: false } as const;
const SIP: SipTarget = { host: 'sip.example.com', port: 5061, transport: 'tls' };

let twilio: FakeTwilio;
let twilioNumbers: TwilioNumbers;
let telnyx: FakeTelnyx;
let telnyxNumbers: TelnyxNumbers;
let sip = SIP;

beforeEach(async () => {
  sip = SIP;
  twilio = await startFakeTwilio();
  twilioNumbers = createTwilioNumbers(twilio.account, OFFERS);
  twilio.serve(twilioNumbers.routes);
  telnyx = await startFakeTelnyx();
  telnyxNumbers = createTelnyxNumbers(OFFERS);
  telnyx.serve(telnyxNumbers.routes);
});
afterEach(async () => {
  await Promise.all([twilio.close(), telnyx.close()]);
});

const twilioShop = (over: { authToken?: string } = {}) =>
  createTwilioShop({ ...twilio.account, ...over, apiUrl: twilio.url, publicUrl: PUBLIC_URL });
const telnyxShop = (over: { apiKey?: string } = {}) =>
  createTelnyxShop({
    apiKey: telnyx.account.apiKey,
    ...over,
    apiUrl: `${telnyx.url}/v2`,
    place: () => ({ publicUrl: PUBLIC_URL, sip }),
    clock: { after: (delayMs, fire) => systemClock.after(Math.min(delayMs, 10), fire) },
  });

describe.each([
  ['twilio', () => twilioShop(), () => twilioNumbers.owned.length],
  ['telnyx', () => telnyxShop(), () => telnyxNumbers.owned.length],
] as const)('%s', (_name, open: () => NumberShop, owned) => {
  test('numbers on sale are found by country, area code and kind', async () => {
    const shop = open();
    expect(await shop.search({ ...US, area_code: 415 })).toEqual(['+14155550100', '+14155550101']);
    expect(await shop.search({ ...US, toll_free: true })).toEqual(['+18005550100']);
    expect(await shop.search({ country_code: 'CA', toll_free: false })).toEqual(['+16045550100']);
    expect(await shop.search({ ...US, area_code: 999 })).toEqual([]);
  });

  test('N1 a number is sold once, and asking again sells no other', async () => {
    const shop = open();
    const purchase = { purchase_id: 'buy_1', phone_number: '+14155550100' };
    expect(await shop.buy(purchase)).toEqual({ sold: true });
    expect(await shop.buy(purchase)).toMatchObject({ sold: false, reason: expect.stringContaining('not available') });
    expect(owned()).toBe(1);
  });

  test('N2 what was bought is found by its purchase, and by no other', async () => {
    const shop = open();
    const purchase = { purchase_id: 'buy_1', phone_number: '+14155550100' };
    expect(await shop.isBought(purchase)).toBe(false);
    await shop.buy(purchase);
    expect(await shop.isBought(purchase)).toBe(true);
    expect(await shop.isBought({ ...purchase, purchase_id: 'buy_2' })).toBe(false);
  });

  test('N4 a number is given back once; after that there is nothing to give', async () => {
    const shop = open();
    await shop.buy({ purchase_id: 'buy_1', phone_number: '+14155550100' });
    expect(await shop.release('+14155550100')).toBe('released');
    expect(owned()).toBe(0);
    expect(await shop.release('+14155550100')).toBe('not_ours');
  });

  test('N4 a number that only begins like one of the account is not given back for it, nor pointed anywhere', async () => {
    const shop = open();
    await shop.buy({ purchase_id: 'buy_1', phone_number: '+14155550100' });
    expect(await shop.release('+1415555010')).toBe('not_ours');
    expect(await shop.differences('+4155550100')).toEqual([expect.stringContaining('does not have')]);
    expect(owned()).toBe(1);
  });

  test('N3 a number is pointed here as it is bought; what was changed by hand is told, and put right', async () => {
    const shop = open();
    await shop.buy({ purchase_id: 'buy_1', phone_number: '+14155550100' });
    expect(await shop.differences('+14155550100')).toEqual([]);
    twilioNumbers.owned[0]?.settings.set('VoiceUrl', 'https://elsewhere.example').set('TrunkSid', 'TK1');
    const [number] = telnyxNumbers.owned;
    if (number) Object.assign(number, { connection_id: 'other', messaging_profile_id: '' });
    expect(await shop.differences('+14155550100')).toHaveLength(2);
    await shop.point('+14155550100');
    expect(await shop.differences('+14155550100')).toEqual([]);
    expect(await shop.differences('+14155550101')).toEqual([expect.stringContaining('does not have +14155550101')]);
  });

  test('an account that fails, hangs up or is not there is silent: nothing is known of what it did', async () => {
    const shop = open();
    for (const fault of [{ status: 503 }, 'reset'] as const) {
      for (const fake of [twilio, telnyx]) fake.failWith(() => fault);
      const failed = await shop.search(US).catch((error) => error);
      expect(failed).toBeInstanceOf(ProviderFault);
      expect(failed).toMatchObject({ kind: 'silent' });
    }
  });

  test('too many requests are a refusal: nothing was done', async () => {
    const shop = open();
    for (const fake of [twilio, telnyx]) fake.failWith(() => ({ status: 429, json: { code: 20429, message: 'Slow' } }));
    await expect(shop.search(US)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('too many'),
    });
  });
});

test('wrong credentials name the settings, and never their values', async () => {
  const wrong = twilioShop({ authToken: 'wrong-token-0123456789' });
  const refused = await wrong.search(US).catch((error) => error);
  expect(refused).toMatchObject({ kind: 'refused' });
  expect(refused.message).toMatch(/PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN.*20003/);
  const other = await telnyxShop({ apiKey: 'KEY_wrong_0123456789' })
    .search(US)
    .catch((error) => error);
  expect(other.message).toContain('PICKUP_TELNYX_API_KEY');
  expect(`${refused.message}${other.message}`).not.toMatch(/wrong-token|KEY_wrong/);
});

test('what a provider says is passed on without what it says of the account', async () => {
  const { accountSid } = twilio.account;
  const token = '0123456789abcdef0123456789abcdef';
  const words = `No /2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json for ${token} of ${accountSid.toLowerCase()}`;
  const key = 'KEY0123456789ABCDEF_abcdef';
  telnyx.failWith(() => ({ status: 400, json: { errors: [{ code: '10009', detail: `No access for ${key}` }] } }));
  for (const [status, code] of [
    [400, 21422],
    [404, 20404],
    [403, 20403],
    [429, 20429],
  ]) {
    twilio.failWith(() => ({ status: status!, json: { code, message: words, status } }));
    const shop = twilioShop();
    const asked = [shop.search(US), shop.buy({ purchase_id: 'b', phone_number: '+14155550100' }), shop.point('+1415')];
    const said = await Promise.all(asked.map((one) => one.catch((error) => error.message)));
    expect(JSON.stringify(said)).not.toMatch(/AC[0-9a-f]{10}|0123456789abc/i);
    expect(JSON.stringify(said)).toContain('/IncomingPhoneNumbers.json for');
  }
  const told = await telnyxShop()
    .search(US)
    .catch((error) => error.message);
  expect(told).toBe('No access for KEY… (error 10009)');
});

test('a trial account at Twilio is told of, and its refusal of a second number is passed on', async () => {
  const shop = twilioShop();
  expect(await shop.accountWarnings()).toEqual([]);
  twilioNumbers.type = 'Trial';
  expect(await shop.accountWarnings()).toEqual([expect.stringContaining('trial')]);
  await shop.buy({ purchase_id: 'buy_1', phone_number: '+14155550100' });
  await expect(shop.buy({ purchase_id: 'buy_2', phone_number: '+14155550101' })).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(/allowed only one.*21404/),
  });
});

test('all numbers at Telnyx share one SIP connection and one messaging profile, also when bought at once', async () => {
  const shop = telnyxShop();
  await Promise.all(
    ['+14155550100', '+14155550101', '+12125550100'].map((phone_number, index) =>
      shop.buy({ purchase_id: `buy_${index}`, phone_number }),
    ),
  );
  const { fqdn_connections, fqdns, ip_connections, messaging_profiles } = telnyxNumbers.shared;
  expect([fqdn_connections.length, fqdns.length, ip_connections.length, messaging_profiles.length]).toEqual([
    1, 1, 0, 1,
  ]);
  expect(fqdn_connections[0]).toMatchObject({
    connection_name: 'Pickup pickup.example.com',
    transport_protocol: 'TLS',
  });
  expect(fqdns[0]).toMatchObject({ fqdn: 'sip.example.com', port: 5061, connection_id: fqdn_connections[0]?.id });
  expect(messaging_profiles[0]).toMatchObject({ webhook_url: `${PUBLIC_URL}/telnyx/messages` });
  sip = { host: 'sip2.example.com', port: 5060, transport: 'tcp' };
  await shop.point('+14155550100');
  expect(fqdns).toEqual([expect.objectContaining({ fqdn: 'sip2.example.com', port: 5060 })]);
  expect(fqdn_connections).toEqual([expect.objectContaining({ transport_protocol: 'TCP' })]);
});

test('a gateway known by its address gets a connection by address', async () => {
  sip = { host: '198.51.100.7', port: 5060, transport: 'tcp' };
  const shop = telnyxShop();
  expect(await shop.buy({ purchase_id: 'buy_1', phone_number: '+14155550100' })).toEqual({ sold: true });
  const { ip_connections, ips, fqdn_connections } = telnyxNumbers.shared;
  expect([ip_connections.length, fqdn_connections.length]).toEqual([1, 0]);
  expect(ips).toEqual([expect.objectContaining({ ip_address: '198.51.100.7', port: 5060 })]);
});

test('an order that is worked off later is waited for; one that takes too long is silence', async () => {
  telnyxNumbers.pendingLooks = 3;
  const shop = telnyxShop();
  expect(await shop.buy({ purchase_id: 'buy_1', phone_number: '+14155550100' })).toEqual({ sold: true });
  telnyxNumbers.pendingLooks = 1_000;
  await expect(shop.buy({ purchase_id: 'buy_2', phone_number: '+14155550101' })).rejects.toMatchObject({
    kind: 'silent',
    message: expect.stringContaining('still being worked off'),
  });
});
