/** Buying and giving back numbers through the unmodified SDK, against accounts of the providers on loopback sockets. */
import { createTelnyxNumbers, type FakeTelnyx, startFakeTelnyx, type TelnyxNumbers } from '@pickup/testkit/telnyx';
import { createTwilioNumbers, type FakeTwilio, startFakeTwilio, type TwilioNumbers } from '@pickup/testkit/twilio';
import Retell from 'retell-sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FULL_KEY, makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';
import { createShops } from '../providers/shops.ts';
import { systemClock } from '../runners/clock.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { Store } from '../stores/port.ts';

const OFFERS = [
  { phoneNumber: '+14155550100' },
  { phoneNumber: '+14155550101' },
  { phoneNumber: '+14155550102' },
  { phoneNumber: '+12125550100' },
];
const SIP = { host: 'sip.example.com', port: 5061, transport: 'tls' } as const;
const PURCHASE = /\/IncomingPhoneNumbers\.json$/;

let store: Store;
let twilio: FakeTwilio;
let numbers: TwilioNumbers;
let telnyx: FakeTelnyx;
let telnyxNumbers: TelnyxNumbers;
let api: TestApi;
/** Each request for numbers at Twilio waits for this. */
let gate: () => Promise<void>;

beforeEach(async () => {
  gate = async () => {};
  store = createMemoryStore();
  twilio = await startFakeTwilio();
  numbers = createTwilioNumbers(twilio.account, OFFERS);
  twilio.serve(
    numbers.routes.map((route) => ({
      ...route,
      serve: async (request) => {
        const reply = await route.serve(request);
        if (request.method === 'POST') await gate();
        return reply;
      },
    })),
  );
  telnyx = await startFakeTelnyx();
  telnyxNumbers = createTelnyxNumbers(OFFERS);
  telnyx.serve(telnyxNumbers.routes);
  api = await start();
});
afterEach(async () => {
  await api.close();
  await Promise.all([twilio.close(), telnyx.close()]);
});

function start({ authToken = twilio.account.authToken } = {}): Promise<TestApi> {
  const config = {
    publicUrl: 'https://pickup.example.com',
    twilio: { accountSid: twilio.account.accountSid, authToken, apiUrl: twilio.url },
    telnyx: { apiKey: telnyx.account.apiKey, apiUrl: `${telnyx.url}/v2` },
  };
  return startTestApi({ store, shops: createShops({ config, sipTarget: () => SIP, clock: systemClock }) });
}

const purchases = () => twilio.requests.filter(({ method, path }) => method === 'POST' && PURCHASE.test(path)).length;
const bought = () => numbers.owned.map((one) => one.phoneNumber);
const here = async () => (await api.client.phoneNumber.list()).items?.map((one) => one.phone_number);
/** Fails requests of this kind. */
const failing = (method: string, fault: 'reset' | 'reset_after' | { status: number }) =>
  twilio.failWith((request) => (request.method === method && PURCHASE.test(request.path) ? fault : undefined));

test('a hash that Twilio may not know is warned of at the purchase', async () => {
  await api.close();
  const config = {
    publicUrl: 'https://pickup.example.com',
    twilio: { ...twilio.account, apiUrl: twilio.url },
    telnyx: { apiUrl: '' },
    sip: { digests: ['SHA-256'] as const },
  };
  api = await startTestApi({ shops: createShops({ config, sipTarget: () => SIP, clock: systemClock }) });
  const { response } = await api.client.phoneNumber.create({ area_code: 415 }).withResponse();
  expect(response.headers.get('x-pickup-warning')).toContain('PICKUP_SIP_DIGEST=SHA-256,MD5');
});

describe('create-phone-number', () => {
  test('buys at Twilio what was asked for, points it here, and gives it credentials of its own', async () => {
    const agent = await makeAgent(api.client);
    const made = await api.client.phoneNumber.create({
      area_code: 212,
      nickname: 'Front desk',
      inbound_agents: [{ agent_id: agent.agent_id, weight: 1 }],
      inbound_webhook_url: 'https://example.com/inbound',
    });
    expect(made).toMatchObject({
      phone_number: '+12125550100',
      phone_number_type: 'retell-twilio',
      area_code: 212,
      nickname: 'Front desk',
      sip_inbound_username: expect.stringMatching(/^twilio-\w{16}$/),
    });
    expect(Object.fromEntries(numbers.owned[0]!.settings)).toMatchObject({
      FriendlyName: expect.stringMatching(/^pickup_\w{16,57}$/),
      VoiceUrl: 'https://pickup.example.com/twilio/voice#ct=2000&rt=4000&rc=5&rp=all',
      VoiceFallbackUrl: expect.stringContaining('https://pickup.example.com/twilio/voice#'),
      SmsUrl: expect.stringContaining('https://pickup.example.com/twilio/sms#'),
    });
    const row = await store.getNumber('+12125550100');
    expect(row?.sealed_sip_inbound_password).toMatch(/^sealed\(\d\d\) for callers of \+12125550100$/);
    expect((await store.listAudit({})).items).toContainEqual(
      expect.objectContaining({
        action: 'POST /create-phone-number',
        target: { phone_number: '+12125550100' },
        fields: ['area_code', 'nickname', 'inbound_agents', 'inbound_webhook_url'],
      }),
    );
  });

  test('buys at Telnyx, whose calls are known by its addresses', async () => {
    const made = await api.client.phoneNumber.create({ number_provider: 'telnyx', area_code: 415 });
    expect(made).toMatchObject({
      phone_number: '+14155550100',
      phone_number_type: 'retell-telnyx',
      sip_peers: ['192.76.120.10/32', '64.16.250.10/32'],
    });
    expect(made).not.toHaveProperty('sip_inbound_username');
    expect(telnyxNumbers.owned).toHaveLength(1);
  });

  test('a request that is refused for its own faults buys nothing', async () => {
    const unknown = { inbound_agents: [{ agent_id: 'agent_nobody', weight: 1 }] };
    await expect(api.client.phoneNumber.create(unknown)).rejects.toMatchObject({ status: 422 });
    await expect(api.client.phoneNumber.create({ phone_number: '4155550100' })).rejects.toMatchObject({ status: 400 });
    expect(purchases()).toBe(0);
  });

  test('what was wished for and is not on sale is named', async () => {
    await expect(api.client.phoneNumber.create({ area_code: 999 })).rejects.toMatchObject({
      status: 400,
      error: { code: 'none_on_sale', message: 'Twilio has no number on sale in US with the area code 999.' },
    });
    await expect(api.client.phoneNumber.create({ phone_number: '+14155559999' })).rejects.toMatchObject({
      error: {
        code: 'none_on_sale',
        message: expect.stringMatching(/that is \+14155559999 \(.*not available.*21422\)\)\.$/),
      },
    });
    expect(await store.openPurchases()).toEqual([]);
  });

  test('a number that somebody else was quicker to buy is left for the next', async () => {
    let nth = 0;
    twilio.failWith((request) => {
      if (request.method !== 'POST') return undefined;
      nth += 1;
      return nth === 1 ? { status: 400, json: { code: 21422, message: 'not available', status: 400 } } : undefined;
    });
    const made = await api.client.phoneNumber.create({ area_code: 415 });
    expect([made.phone_number, bought()]).toEqual(['+14155550101', ['+14155550101']]);
  });

  test('wrong credentials are told once, without a second try', async () => {
    await api.close();
    api = await start({ authToken: 'not-the-token-0123456789' });
    const client = new Retell({ apiKey: FULL_KEY, baseURL: api.url, maxRetries: 2 });
    await expect(client.phoneNumber.create({ area_code: 415 })).rejects.toMatchObject({
      status: 400,
      error: { code: 'provider_refused', message: expect.stringContaining('PICKUP_TWILIO_AUTH_TOKEN') },
    });
    expect(twilio.requests.filter(({ path }) => path.includes('AvailablePhoneNumbers'))).toHaveLength(1);
  });

  test('a trial account’s limits come as a warning with the number', async () => {
    numbers.type = 'Trial';
    const { response } = await api.client.phoneNumber.create({ area_code: 415 }).withResponse();
    expect(response.headers.get('x-pickup-warning')).toContain('trial');
    await expect(api.client.phoneNumber.create({ area_code: 212 })).rejects.toMatchObject({
      error: { code: 'provider_refused', message: expect.stringContaining('21404') },
    });
  });

  test('without a public URL or SIP host nothing is bought, and both are named', async () => {
    await api.close();
    const { accountSid, authToken } = twilio.account;
    const config = { twilio: { accountSid, authToken, apiUrl: twilio.url }, telnyx: { apiUrl: '' } };
    api = await startTestApi({ shops: createShops({ config, sipTarget: () => undefined, clock: systemClock }) });
    await expect(api.client.phoneNumber.create({})).rejects.toMatchObject({
      status: 400,
      error: {
        code: 'missing_setting',
        message: expect.stringMatching(/^A number bought at Twilio needs PICKUP_PUBLIC_URL .*PICKUP_SIP_PUBLIC_HOST/),
      },
    });
    expect(twilio.requests).toEqual([]);
  });
});

describe('a purchase that goes wrong halfway', () => {
  test('P2 its answer is lost: what was bought is found and taken in, within the same request', async () => {
    failing('POST', 'reset_after');
    const made = await api.client.phoneNumber.create({ area_code: 415 });
    expect([made.phone_number, purchases(), bought()]).toEqual(['+14155550100', 1, ['+14155550100']]);
  });

  test('P4 its answer is lost and the account cannot be looked at: no SDK tries again, and a repetition adopts it', async () => {
    twilio.failWith((request) => {
      if (!PURCHASE.test(request.path)) return undefined;
      return request.method === 'POST' ? 'reset_after' : { status: 503 };
    });
    const client = new Retell({ apiKey: FULL_KEY, baseURL: api.url, maxRetries: 2 });
    await expect(client.phoneNumber.create({ area_code: 415 })).rejects.toMatchObject({
      status: 502,
      error: { code: 'provider_silent', message: expect.stringMatching(/\+14155550100.*same request once more/) },
    });
    expect([purchases(), bought(), await here()]).toEqual([1, ['+14155550100'], []]);
    numbers.owned[0]!.settings.set('VoiceUrl', 'https://an-older-address.example');
    twilio.failWith(undefined);
    const made = await client.phoneNumber.create({ area_code: 415 });
    expect([made.phone_number, purchases(), bought()]).toEqual(['+14155550100', 1, ['+14155550100']]);
    // What was bought half-configured is finished.
    expect(numbers.owned[0]!.settings.get('VoiceUrl')).toContain('https://pickup.example.com/twilio/voice');
    // The next one alike is a new purchase.
    expect((await client.phoneNumber.create({ area_code: 415 })).phone_number).toBe('+14155550101');
  });

  test('P2 a password makes no request another one, and no hash of it is kept', async () => {
    failing('POST', 'reset');
    const fingerprints = [];
    for (const sip_inbound_password of ['hunter-two-1234', 'other-pass-5678']) {
      const wish = { area_code: 415, sip_inbound_username: 'bo', sip_inbound_password } as object;
      await expect(api.client.phoneNumber.create(wish as never, { maxRetries: 0 })).rejects.toMatchObject({
        status: 502,
      });
      fingerprints.push((await store.openPurchases()).map((one) => one.fingerprint));
    }
    expect(fingerprints[0]).toHaveLength(1);
    expect(fingerprints[1]).toEqual(fingerprints[0]);
  }, 30_000);

  test('P4 a purchase that never reached the provider is made by the repetition, with the same number', async () => {
    failing('POST', 'reset');
    await expect(api.client.phoneNumber.create({ area_code: 415 })).rejects.toMatchObject({ status: 502 });
    twilio.failWith(undefined);
    const made = await api.client.phoneNumber.create({ area_code: 415 });
    expect([made.phone_number, bought()]).toEqual(['+14155550100', ['+14155550100']]);
    expect(await store.openPurchases()).toEqual([]);
  });

  test('P1 killed before anything was written down but the choice: the restarted gateway finds what was bought', async () => {
    const dying = store.putNumber;
    store.putNumber = () => Promise.reject(new Error('killed'));
    await expect(api.client.phoneNumber.create({ area_code: 415 })).rejects.toMatchObject({ status: 500 });
    await api.close();
    store.putNumber = dying;
    api = await start();
    const made = await api.client.phoneNumber.create({ area_code: 415 });
    expect([made.phone_number, purchases(), bought()]).toEqual(['+14155550100', 1, ['+14155550100']]);
    expect(await here()).toEqual(['+14155550100']);
  });

  test('P3 the SDK’s own time-out and retries buy one number, and it is the answer', async () => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    gate = () => slow;
    const client = new Retell({ apiKey: FULL_KEY, baseURL: api.url, maxRetries: 2, timeout: 1_000 });
    const asked = client.phoneNumber.create({ area_code: 415 });
    // The first try is given up by then; the second one waits behind it.
    setTimeout(release, 1_300);
    const made = await asked;
    expect([made.phone_number, purchases(), bought()]).toEqual(['+14155550100', 1, ['+14155550100']]);
    expect((await api.client.phoneNumber.create({ area_code: 415 })).phone_number).toBe('+14155550101');
  });

  test('two who ask for the same at once get a number each', async () => {
    const made = await Promise.all([1, 2].map(() => api.client.phoneNumber.create({ area_code: 415 })));
    expect(made.map((one) => one.phone_number).sort()).toEqual(['+14155550100', '+14155550101']);
  });

  test('P3 a number whose buyer may have been told is given out again for an hour, and then no more', async () => {
    const put = store.putPurchase;
    // Killed before anybody could write down that the buyer was told.
    store.putPurchase = async (row) => (row.state === 'answered' ? undefined : put(row));
    await api.client.phoneNumber.create({ area_code: 415 });
    await api.close();
    store.putPurchase = put;
    api = await start();
    const buy = async () => (await api.client.phoneNumber.create({ area_code: 415 })).phone_number;
    expect([await buy(), await buy()]).toEqual(['+14155550100', '+14155550101']);
    store.putPurchase = async (row) => (row.state === 'answered' ? undefined : put(row));
    expect(await buy()).toBe('+14155550102');
    await api.close();
    store.putPurchase = put;
    numbers.offers.push({ phoneNumber: '+14155550103' });
    api = await start();
    api.advance(3_700_000);
    expect(await buy()).toBe('+14155550103');
  });

  test('a number that was deleted since is not given out again', async () => {
    const put = store.putPurchase;
    // Nobody could write down that the buyer was told.
    store.putPurchase = async (row) => (row.state === 'answered' ? undefined : put(row));
    const first = await api.client.phoneNumber.create({ area_code: 415 });
    await api.client.phoneNumber.delete(first.phone_number);
    store.putPurchase = put;
    expect((await api.client.phoneNumber.create({ area_code: 415 })).phone_number).toBe('+14155550101');
  });
});

test('a change that locks the provider out is made, with a warning', async () => {
  const warningOf = async (number: string, body: object) => {
    const response = await api.request(`/update-phone-number/${number}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [response.status, response.headers.get('x-pickup-warning')];
  };
  const { phone_number } = await api.client.phoneNumber.create({ area_code: 415 });
  expect(await warningOf(phone_number, { nickname: 'Desk' })).toEqual([200, null]);
  expect(await warningOf(phone_number, { sip_peers: ['192.0.2.1'] })).toEqual([200, expect.stringContaining('Twilio')]);
  expect(await warningOf(phone_number, { sip_peers: null, sip_inbound_username: null })).toEqual([
    200,
    expect.stringContaining('PICKUP_SIP_PEERS alone'),
  ]);
  const telnyx = await api.client.phoneNumber.create({ number_provider: 'telnyx', area_code: 212 });
  const login = { sip_inbound_username: 'u', sip_inbound_password: 'long-enough-password' };
  expect(await warningOf(telnyx.phone_number, login)).toEqual([200, expect.stringContaining('no digest challenge')]);
});

describe('delete-phone-number', () => {
  const release = /\/IncomingPhoneNumbers\/PN\w+\.json$/;

  test.each(['twilio', 'telnyx'] as const)('gives the number back to %s', async (provider) => {
    const { phone_number } = await api.client.phoneNumber.create({ number_provider: provider, area_code: 415 });
    await api.client.phoneNumber.delete(phone_number);
    expect([numbers.owned.length, telnyxNumbers.owned.length, await here()]).toEqual([0, 0, []]);
  });

  test('what fails at the provider is said, leaves the number here, and can be repeated', async () => {
    const { phone_number } = await api.client.phoneNumber.create({ area_code: 415 });
    twilio.failWith((request) => (request.method === 'DELETE' && release.test(request.path) ? 'reset' : undefined));
    await expect(api.client.phoneNumber.delete(phone_number)).rejects.toMatchObject({
      status: 502,
      error: { code: 'provider_silent' },
    });
    expect(await here()).toEqual([phone_number]);
    twilio.failWith(undefined);
    await api.client.phoneNumber.delete(phone_number);
    expect([bought(), await here()]).toEqual([[], []]);
  });

  test('N4 one that the account does not have any more is deleted, with a warning; a 404 in between too', async () => {
    const first = await api.client.phoneNumber.create({ area_code: 415 });
    numbers.owned.length = 0;
    const deleted = await api.request(`/delete-phone-number/${first.phone_number}`, { method: 'DELETE' });
    expect([deleted.status, deleted.headers.get('x-pickup-warning')]).toEqual([
      204,
      'The account at Twilio did not have +14155550100 any more.',
    ]);
    const second = await api.client.phoneNumber.create({ area_code: 415 });
    twilio.failWith((request) => (request.method === 'DELETE' ? { status: 404, json: { code: 20404 } } : undefined));
    await api.client.phoneNumber.delete(second.phone_number);
    expect(await here()).toEqual([]);
  });

  test('without credentials it says what to set, and how to forget the number here alone', async () => {
    const { phone_number } = await api.client.phoneNumber.create({ area_code: 415 });
    await api.close();
    api = await startTestApi({ store });
    await expect(api.client.phoneNumber.delete(phone_number)).rejects.toMatchObject({
      status: 400,
      error: {
        code: 'no_credentials',
        message: expect.stringMatching(/PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN.*release=false/),
      },
    });
    const deleted = await api.request(`/delete-phone-number/${phone_number}?release=false`, { method: 'DELETE' });
    expect([deleted.status, await here(), bought()]).toEqual([204, [], [phone_number]]);
  });
});
