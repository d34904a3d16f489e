/**
 * One purchase, so that a request that is repeated, by an SDK, by a person or after a crash, never buys twice and never
 * loses what was paid for.
 *
 *   P1 the number that is chosen is durable before the provider is asked to sell it
 *   P2 a request like one whose purchase may have gone through looks at that first, and takes over what was bought
 *   P3 a request like one whose number is here, but whose answer did not get out, is answered with that number
 *   P4 where the provider is silent nothing else is bought for that request, until it is known what came of it
 *
 * Requests that are alike must come one after the other; the caller sees to that.
 */
import type { NumberProvider, NumberWish } from '@pickup/contract';
import type { Log } from '../observe/log.ts';
import type { NumberRow, PurchaseRow, Store } from '../stores/port.ts';
import { type NumberShop, ProviderFault, type Sale } from './number-shop.ts';

/** Somebody may be quicker than us to buy what was found. */
const MOST_CANDIDATES = 3;
/** After a lost answer the account is looked at again, for it may list the number late. */
const LOOKS_AFTER_MS = [500, 1_500, 3_000] as const;
/** A number whose buyer was told, though nobody could write that down any more, is not given out again after this. */
const UNTOLD_MS = 3_600_000;

export interface BuyerDeps {
  readonly store: Pick<Store, 'getNumber' | 'openPurchases' | 'putPurchase'>;
  readonly clock: { wallMs(): number };
  /** Resolves after so many ms. */
  readonly pause: (ms: number) => Promise<void>;
  readonly newId: () => string;
  readonly log: Log;
}

/** What is to be bought. */
export interface NumberOrder {
  readonly shop: NumberShop;
  readonly wish: NumberWish;
  /** Alike for requests that are. */
  readonly fingerprint: string;
}

/** What came of it. A provider that refuses, or is silent, throws `ProviderFault`. */
export type Bought =
  /** `number`: it is stored already, by a request whose answer did not get out (P3). */
  | { readonly kind: 'bought'; readonly purchase: PurchaseRow; readonly number?: NumberRow }
  /** The number that was named is one of this gateway. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'none_on_sale'; readonly reason?: string };

export interface Buyer {
  buy(order: NumberOrder): Promise<Bought>;
  /** The number of a purchase is here; `delivered` says whether its buyer was told. */
  stored(purchase: PurchaseRow, delivered: Promise<boolean>): Promise<void>;
}

/** A buyer over the store's purchases. */
export function createBuyer(deps: BuyerDeps): Buyer {
  const { store, clock, log } = deps;
  /** Answers under way, by purchase. */
  const answers = new Map<string, Promise<boolean>>();
  const put = async (purchase: PurchaseRow, state: PurchaseRow['state']): Promise<PurchaseRow> => {
    const row = { ...purchase, state, updated_timestamp: clock.wallMs() };
    await store.putPurchase(row);
    return row;
  };

  /** P2, P3: what an earlier request like this one left behind; undefined where nothing is to be had of it. */
  const takeOver = async (shop: NumberShop, purchase: PurchaseRow): Promise<Bought | undefined> => {
    // Its answer is on its way out: it got through, or this request is the one to be answered.
    if (await answers.get(purchase.purchase_id)) return undefined;
    const number = await store.getNumber(purchase.phone_number);
    if (number?.settings.phone_number_type === `retell-${shop.provider}`) {
      const isFresh = clock.wallMs() - purchase.updated_timestamp < UNTOLD_MS;
      if (purchase.state === 'begun' || isFresh) return { kind: 'bought', purchase, number };
    }
    if (purchase.state === 'stored' || number !== undefined) {
      await put(purchase, 'answered');
      return undefined;
    }
    const sale: Sale = (await shop.isBought(purchase)) ? { sold: true } : await sell(shop, purchase);
    if (!sale.sold) return undefined;
    // It may have been bought by a gateway that was somewhere else then.
    await shop.point(purchase.phone_number);
    return { kind: 'bought', purchase };
  };

  /** Asks for exactly this number. What is not sold is closed; what is not known stays open (P4). */
  const sell = async (shop: NumberShop, purchase: PurchaseRow): Promise<Sale> => {
    try {
      const sale = await shop.buy(purchase);
      if (sale.sold) log.info('number_bought', fields(purchase));
      // A purchase that was thought lost may have gone through while this one was asked for.
      else if (await shop.isBought(purchase)) return { sold: true };
      else await put(purchase, 'failed');
      return sale;
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      if (error.kind === 'silent') return lookAgain(shop, purchase, error);
      await put(purchase, 'failed');
      throw error;
    }
  };

  const lookAgain = async (shop: NumberShop, purchase: PurchaseRow, fault: ProviderFault): Promise<Sale> => {
    for (const delayMs of LOOKS_AFTER_MS) {
      await deps.pause(delayMs);
      const isBought = await shop.isBought(purchase).catch(() => false);
      if (!isBought) continue;
      log.info('number_bought', { ...fields(purchase), lost_answer: fault.message });
      return { sold: true };
    }
    log.error('purchase_unclear', { ...fields(purchase), error: fault.message });
    const what = `Whether ${purchase.phone_number} was bought is not known: the same request once more finds out, and takes it over or buys it.`;
    throw new ProviderFault('silent', `${fault.message} ${what}`);
  };

  const buyNew = async ({ shop, wish, fingerprint }: NumberOrder): Promise<Bought> => {
    const named = wish.phone_number;
    if (named !== undefined && (await store.getNumber(named)) !== undefined) return { kind: 'exists' };
    const candidates = named === undefined ? await shop.search(wish) : [named];
    let reason: string | undefined;
    for (const phone_number of candidates.slice(0, MOST_CANDIDATES)) {
      const now = clock.wallMs();
      const purchase: PurchaseRow = {
        purchase_id: `pickup_${deps.newId()}`,
        fingerprint,
        provider: shop.provider,
        phone_number,
        state: 'begun',
        created_timestamp: now,
        updated_timestamp: now,
      };
      await store.putPurchase(purchase);
      const sale = await sell(shop, purchase);
      if (sale.sold) return { kind: 'bought', purchase };
      reason = sale.reason;
    }
    return { kind: 'none_on_sale', ...(reason !== undefined && { reason }) };
  };

  return {
    async buy(order) {
      for (const purchase of await store.openPurchases(order.fingerprint)) {
        const found = await takeOver(order.shop, purchase);
        if (found !== undefined) return found;
      }
      return buyNew(order);
    },
    async stored(purchase, delivered) {
      const row = await put(purchase, 'stored');
      const told = delivered.catch(() => false);
      answers.set(purchase.purchase_id, told);
      void told
        .then(async (isTold) => {
          if (isTold) await put(row, 'answered');
        })
        .catch((error) => log.warn('purchase_not_closed', { ...fields(row), error: String(error) }))
        .finally(() => {
          if (answers.get(purchase.purchase_id) === told) answers.delete(purchase.purchase_id);
        });
    },
  };
}

/** Says at the start which purchases were cut off: they may have been paid for. */
export async function reportOpenPurchases(store: Pick<Store, 'openPurchases'>, log: Log): Promise<void> {
  for (const purchase of await store.openPurchases()) {
    if (purchase.state === 'begun') log.warn('purchase_unclear', { ...fields(purchase), error: 'it was cut off' });
  }
}

function fields({ purchase_id, provider, phone_number }: PurchaseRow): {
  readonly purchase_id: string;
  readonly provider: NumberProvider;
  readonly 'pii.phone_number': string;
} {
  return { purchase_id, provider, 'pii.phone_number': phone_number };
}
