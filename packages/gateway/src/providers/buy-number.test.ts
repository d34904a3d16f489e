/** Purchases whose fate is known late, by a shop that is written down. */
import { expect, test } from 'vitest';
import { createLog } from '../observe/log.ts';
import { createMemoryData, createMemoryStore } from '../stores/index.ts';
import { createBuyer } from './buy-number.ts';
import { type NumberShop, ProviderFault } from './number-shop.ts';

const NUMBER = '+14155550100';

function world(over: Partial<NumberShop>) {
  const store = createMemoryStore(createMemoryData());
  const [asked, lines]: [string[], string[]] = [[], []];
  let [now, ids] = [1, 0];
  const shop: NumberShop = {
    ...{ provider: 'twilio', accountWarnings: async () => [], differences: async () => [] },
    ...{ search: async () => [NUMBER, '+14155550101'], isBought: async () => false, release: async () => 'released' },
    buy: async ({ phone_number }) => {
      asked.push(`buy ${phone_number}`);
      return { sold: true };
    },
    point: async (number) => void asked.push(`point ${number}`),
    ...over,
  };
  const buyer = createBuyer({
    ...{ store, clock: { wallMs: () => now++ }, pause: async () => {}, newId: () => `${ids++}` },
    log: createLog({ write: (line) => void lines.push(line), clock: { wallMs: () => now } }),
  });
  const wish = { country_code: 'US', toll_free: false } as const;
  return { store, asked, buy: (fingerprint = 'f') => buyer.buy({ shop, wish, fingerprint }) };
}

test('P2 a purchase that was cut off is taken over and pointed here, and nothing is bought', async () => {
  let isBought = false;
  const { buy, asked } = world({
    isBought: async () => isBought,
    buy: () => Promise.reject(new ProviderFault('silent', 'it cannot be reached.')),
  });
  await expect(buy()).rejects.toThrow(/not known: the same request once more/);
  isBought = true;
  expect(await buy()).toMatchObject({ kind: 'bought', purchase: { phone_number: NUMBER } });
  expect(asked).toEqual([`point ${NUMBER}`]);
});

test('P2 a purchase that goes through while it is asked for again is ours, though the number is not on sale any more', async () => {
  let silent = true;
  let looks = 0;
  const { buy, store } = world({
    // Listed late: after the shop has said that it is not on sale.
    isBought: async () => ++looks > 4 && !silent,
    async buy() {
      if (silent) throw new ProviderFault('silent', 'it failed with 500.');
      looks = 4;
      return { sold: false, reason: 'not available' };
    },
  });
  await expect(buy()).rejects.toThrow('it failed with 500.');
  silent = false;
  looks = 0;
  expect(await buy()).toMatchObject({ kind: 'bought', purchase: { phone_number: NUMBER, state: 'begun' } });
  expect(await store.openPurchases('f')).toHaveLength(1);
});

test('P4 where the provider stays silent no second number is asked for, and another request is not held by it', async () => {
  const asked: string[] = [];
  const { buy, store } = world({
    async buy({ phone_number }) {
      asked.push(phone_number);
      throw new ProviderFault('silent', 'it failed with 500.');
    },
  });
  for (let tries = 0; tries < 3; tries++) await expect(buy()).rejects.toThrow('it failed');
  expect(asked).toEqual([NUMBER, NUMBER, NUMBER]);
  expect(await store.openPurchases('f')).toHaveLength(1);
  await expect(buy('other')).rejects.toThrow('it failed');
  expect(await store.openPurchases('other')).toHaveLength(1);
});
