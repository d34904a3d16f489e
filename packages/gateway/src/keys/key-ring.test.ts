import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../stores/memory/index.ts';
import type { Store } from '../stores/port.ts';
import { createKeyRing, type KeyRing } from './key-ring.ts';
import { CannotOpen, createSeal } from './seal.ts';

const seal = createSeal({ keys: [{ id: 'one', key: Buffer.alloc(32, 1) }], current: 'one' });
const clock = { wallMs: () => 1_790_000_000_000 };
let home: string;
let store: Store;
let warnings: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pickup-keys-'));
  store = createMemoryStore();
  warnings = [];
});
afterEach(() => rm(home, { recursive: true }));

function ring(using = seal): KeyRing {
  return createKeyRing({ store, seal: using, clock, home, log: { warn: (message) => void warnings.push(message) } });
}

describe('key ring', () => {
  test('the first key is made, written with mode 0600, signs, and is kept sealed', async () => {
    const keys = ring();
    const { written_to } = await keys.bootstrap();
    const apiKey = (await readFile(written_to!, 'utf8')).trim();
    expect((await stat(written_to!)).mode & 0o777).toBe(0o600);
    expect(keys.signingKey()).toBe(apiKey);
    expect(keys.authenticate(apiKey)).toMatchObject({ role: 'full' });
    expect(JSON.stringify(await store.listKeys())).not.toContain(apiKey);
    const next = ring();
    expect(await next.bootstrap()).toEqual({});
    expect(next.signingKey()).toBe(apiKey);
  });

  test('a given first key is used and written nowhere', async () => {
    const keys = ring();
    expect(await keys.bootstrap('key_given')).toEqual({});
    expect(keys.signingKey()).toBe('key_given');
    await expect(readFile(join(home, 'api-key'))).rejects.toThrow('ENOENT');
    await ring().bootstrap('key_given');
    expect(await store.listKeys()).toHaveLength(1);
  });

  test('case 86 near misses, prefixes, empty and revoked keys do not log in', async () => {
    const keys = ring();
    await keys.bootstrap('key_given');
    const { key_id, api_key } = await keys.add('read_only');
    expect(keys.authenticate(api_key)).toEqual({ key_id, role: 'read_only' });
    for (const wrong of ['', 'key_give', 'key_given ', 'KEY_GIVEN', 'key_giveN', `${api_key}0`, 'ü']) {
      expect(keys.authenticate(wrong)).toBeUndefined();
    }
    expect(await keys.revoke(key_id)).toBe('revoked');
    expect(keys.authenticate(api_key)).toBeUndefined();
    expect(await keys.revoke(key_id)).toBe('unknown');
  });

  test('B2 a promotion is seen at once; the key that signs is not revoked', async () => {
    const keys = ring();
    await keys.bootstrap('key_given');
    const given = keys.authenticate('key_given')!.key_id;
    const { key_id, api_key } = await keys.add('full');
    expect(keys.signingKey()).toBe('key_given');
    expect(await keys.revoke(given)).toBe('signs');
    expect(await keys.promote(key_id)).toBe(true);
    expect(keys.signingKey()).toBe(api_key);
    expect(await keys.revoke(given)).toBe('revoked');
    expect(await keys.promote(given)).toBe(false);
    expect(keys.signingKey()).toBe(api_key);
  });

  test('a new key in the environment is added without the mark; a revoked one stays revoked', async () => {
    const keys = ring();
    await keys.bootstrap('key_first');
    await keys.bootstrap('key_second');
    expect(keys.signingKey()).toBe('key_first');
    await keys.revoke(keys.authenticate('key_second')!.key_id);
    const next = ring();
    await next.bootstrap('key_second');
    expect(next.authenticate('key_second')).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  test('with another seal key the ring does not open', async () => {
    await ring().bootstrap('key_given');
    const other = createSeal({ keys: [{ id: 'one', key: Buffer.alloc(32, 9) }], current: 'one' });
    await expect(ring(other).bootstrap()).rejects.toThrow(CannotOpen);
  });

  test('nothing is signed before the keys are read', () => {
    expect(() => ring().signingKey()).toThrow('No API key');
  });
});
