/** Purchases of numbers in memory. */
import type { PurchaseCommands } from '../port.ts';
import { copyOf, type MemoryData } from './data.ts';

/** The purchase commands over shared data. */
export function createMemoryPurchases(data: MemoryData): PurchaseCommands {
  return {
    async putPurchase(given) {
      const before = data.purchases.get(given.purchase_id);
      const { fingerprint, provider, created_timestamp } = before ?? given;
      data.purchases.set(given.purchase_id, { ...copyOf(given), fingerprint, provider, created_timestamp });
    },
    openPurchases: async (fingerprint) =>
      [...data.purchases.values()]
        .filter((row) => row.state === 'begun' || row.state === 'stored')
        .filter((row) => fingerprint === undefined || row.fingerprint === fingerprint)
        .sort((a, b) => a.created_timestamp - b.created_timestamp || (a.purchase_id < b.purchase_id ? -1 : 1)),
  };
}
