import { createTwilioNumbers, type FakeTwilio, startFakeTwilio, type TwilioNumbers } from '@pickup/testkit/twilio';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createShops } from '../providers/shops.ts';
import { systemClock } from '../runners/clock.ts';
import { judgeBought } from './bought-numbers.ts';

const NUMBER = { phone_number: '+14155550100', provider: 'twilio' } as const;

let twilio: FakeTwilio;
let numbers: TwilioNumbers;

beforeEach(async () => {
  twilio = await startFakeTwilio();
  numbers = createTwilioNumbers(twilio.account, [{ phoneNumber: NUMBER.phone_number }]);
  twilio.serve(numbers.routes);
});
afterEach(() => twilio.close());

const shops = ({ credentials = true, reachable = true, authToken = twilio.account.authToken } = {}) =>
  createShops({
    config: {
      ...(reachable && { publicUrl: 'https://pickup.example.com' }),
      twilio: { apiUrl: twilio.url, ...(credentials && { accountSid: twilio.account.accountSid, authToken }) },
      telnyx: { apiUrl: '' },
    },
    sipTarget: () => (reachable ? { host: 'sip.example.com', port: 5061, transport: 'tls' } : undefined),
    clock: systemClock,
  });

const buy = () => shops().account('twilio')!.buy({ purchase_id: 'pickup_1', phone_number: NUMBER.phone_number });

test('a number that leads here is fine, and an account without numbers too', async () => {
  expect(await judgeBought([], shops())).toEqual([{ level: 'ok', found: 'Twilio can be used; 0 numbers there' }]);
  await buy();
  expect(await judgeBought([NUMBER], shops())).toEqual([{ level: 'ok', found: 'Twilio can be used; 1 number there' }]);
  expect(await judgeBought([], shops({ credentials: false }))).toEqual([]);
});

test('what was changed at the provider by hand is named, with what it should be', async () => {
  await buy();
  numbers.owned[0]!.settings.set('VoiceUrl', 'https://elsewhere.example/voice');
  expect(await judgeBought([NUMBER], shops())).toEqual([
    {
      level: 'warn',
      found: expect.stringMatching(
        /^voiceUrl of \+14155550100 is https:\/\/elsewhere\.example\/voice instead of https/,
      ),
      change: expect.stringContaining('docs/buying-numbers.md'),
    },
  ]);
  numbers.owned.length = 0;
  expect(await judgeBought([NUMBER], shops())).toMatchObject([
    { level: 'warn', found: expect.stringContaining('does not have +14155550100 any more') },
  ]);
});

test('credentials that are missing or wrong, and a gateway nobody reaches, are named', async () => {
  await buy();
  expect(await judgeBought([NUMBER], shops({ credentials: false }))).toMatchObject([
    { level: 'fail', change: 'set PICKUP_TWILIO_ACCOUNT_SID and PICKUP_TWILIO_AUTH_TOKEN' },
  ]);
  expect(await judgeBought([NUMBER], shops({ authToken: 'wrong-token-0123456789' }))).toMatchObject([
    { level: 'warn', found: expect.stringContaining('PICKUP_TWILIO_AUTH_TOKEN are not those of an account') },
  ]);
  const lost = (await judgeBought([NUMBER], shops({ reachable: false }))).filter(({ level }) => level === 'fail');
  expect(lost.map(({ found }) => found)).toEqual([
    '1 number bought, and PICKUP_PUBLIC_URL is not set',
    '1 number bought, and PICKUP_SIP_PUBLIC_HOST is not set',
  ]);
});
