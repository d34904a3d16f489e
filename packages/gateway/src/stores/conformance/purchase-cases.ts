import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { PurchaseRow } from '../port.ts';
import { NOW } from './samples.ts';

const purchase = (id: string, over: Partial<PurchaseRow> = {}): PurchaseRow => ({
  purchase_id: id,
  fingerprint: 'f1',
  provider: 'twilio',
  phone_number: '+14155550100',
  state: 'begun',
  created_timestamp: NOW,
  updated_timestamp: NOW,
  ...over,
});

/** Purchases of numbers. */
export function purchaseCases(stores: () => TwoConnections): void {
  test('a purchase that was begun is found by what was asked for, oldest first, until its buyer was told', async () => {
    const { a, b } = stores();
    await a.putPurchase(purchase('p2', { created_timestamp: NOW + 1 }));
    await b.putPurchase(purchase('p1'));
    await a.putPurchase(purchase('p3', { fingerprint: 'f2', provider: 'telnyx' }));
    expect((await b.openPurchases('f1')).map((row) => row.purchase_id)).toEqual(['p1', 'p2']);
    expect((await b.openPurchases()).map((row) => row.purchase_id)).toEqual(['p1', 'p3', 'p2']);
    const stored = purchase('p1', { state: 'stored', phone_number: '+14155550101', updated_timestamp: NOW + 5 });
    await b.putPurchase(stored);
    expect((await a.openPurchases('f1'))[0]).toEqual(stored);
    await a.putPurchase({ ...stored, state: 'answered' });
    await b.putPurchase(purchase('p2', { state: 'failed' }));
    expect(await b.openPurchases('f1')).toEqual([]);
  });
}
