import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { ApiKeyRow } from '../port.ts';
import { byTurns, NOW } from './samples.ts';

const key = (id: string, over: Partial<ApiKeyRow> = {}): ApiKeyRow => ({
  key_id: id,
  login_hash: `hash of ${id}`,
  sealed_key: `sealed ${id}`,
  role: 'full',
  signs: false,
  created_timestamp: NOW,
  ...over,
});

/** API keys and meta values. */
export function keyCases(stores: () => TwoConnections): void {
  test('B2 whatever is promoted and added at once, exactly one key signs', async () => {
    const { a, b } = stores();
    await a.addKey(key('key_0', { signs: true }));
    await byTurns(a, b, 6, (store, index) => store.addKey(key(`key_${index + 1}`, { signs: index % 3 === 0 })));
    await byTurns(a, b, 6, (store, index) => store.promoteKey(`key_${index + 1}`));
    const keys = await b.listKeys();
    expect(keys).toHaveLength(7);
    expect(keys.filter((one) => one.signs)).toHaveLength(1);
    expect(await a.promoteKey('key_2')).toBe(true);
    expect((await b.listKeys()).filter((one) => one.signs).map((one) => one.key_id)).toEqual(['key_2']);
  });

  test('a key is revoked once, no longer signs and cannot be promoted', async () => {
    const { a, b } = stores();
    await a.addKey(key('key_1', { signs: true }));
    expect(await a.revokeKey('key_1', NOW + 1)).toBe(true);
    expect(await b.revokeKey('key_1', NOW + 2)).toBe(false);
    expect(await b.promoteKey('key_1')).toBe(false);
    expect(await b.promoteKey('key_0')).toBe(false);
    expect(await a.listKeys()).toEqual([key('key_1', { revoked_timestamp: NOW + 1 })]);
  });

  test('S6 adding a key that exists fails and does not move the signing mark', async () => {
    const { a, b } = stores();
    await a.addKey(key('key_1'));
    await a.addKey(key('key_2', { signs: true }));
    await expect(b.addKey(key('key_1', { signs: true }))).rejects.toThrow();
    expect((await a.listKeys()).filter((one) => one.signs).map((one) => one.key_id)).toEqual(['key_2']);
  });

  test('a key’s last use is kept, and touches nothing else of it', async () => {
    const { a, b } = stores();
    await a.addKey(key('key_1', { role: 'webhook' }));
    await b.markKeyUsed('key_1', NOW + 5);
    await b.markKeyUsed('key_0', NOW + 5);
    expect(await a.listKeys()).toEqual([key('key_1', { role: 'webhook', last_used_timestamp: NOW + 5 })]);
  });

  test('the audit log keeps every entry, newest first', async () => {
    const { a, b } = stores();
    const entry = (index: number) => ({
      timestamp: NOW + index,
      key_id: 'key_1',
      action: 'PATCH /update-agent/{agent_id}',
      target: { agent_id: 'agent_1' },
      fields: ['voice_speed'],
    });
    await byTurns(a, b, 5, (store, index) => store.recordAudit(entry(index)));
    const first = await b.listAudit({ limit: 3 });
    expect(first).toMatchObject({ has_more: true });
    const rest = await a.listAudit({ limit: 3, pagination_key: first.pagination_key! });
    expect([...first.items, ...rest.items].map((one) => one.timestamp).sort()).toEqual(
      [0, 1, 2, 3, 4].map((index) => NOW + index),
    );
    expect(rest.items.at(-1)).toMatchObject({ key_id: 'key_1', fields: ['voice_speed'] });
  });

  test('meta values are kept and replaced', async () => {
    const { a, b } = stores();
    expect(await a.getMeta('seal-check')).toBeUndefined();
    await a.putMeta('seal-check', 'one');
    await b.putMeta('seal-check', 'two');
    expect(await a.getMeta('seal-check')).toBe('two');
  });
}
