import { expect, test } from 'vitest';
import type { NumberRow } from '../port.ts';
import { ConfigCache } from './config-cache.ts';

const row = (nickname: string): NumberRow => ({
  settings: { phone_number: '+12137771235', phone_number_type: 'custom', nickname, last_modification_timestamp: 1 },
});

test('a row is read once, and again after any configuration command', async () => {
  const cache = new ConfigCache();
  let stored = row('old');
  let reads = 0;
  const read = () =>
    cache.number('+12137771235', () => {
      reads++;
      return stored;
    });
  expect([read(), read()].map((found) => found?.settings.nickname)).toEqual(['old', 'old']);
  expect(reads).toBe(1);
  await cache.around(Promise.resolve().then(() => (stored = row('new'))));
  expect(read()?.settings.nickname).toBe('new');
});

test('E8 what is read while a command runs is not kept', async () => {
  const cache = new ConfigCache();
  let stored = row('old');
  let commit = () => {};
  const command = cache.around(new Promise<void>((resolve) => (commit = resolve)));
  expect(cache.number('+12137771235', () => stored)?.settings.nickname).toBe('old');
  stored = row('new');
  expect(cache.number('+12137771235', () => stored)?.settings.nickname).toBe('new');
  commit();
  await command;
  expect(cache.number('+12137771235', () => stored)?.settings.nickname).toBe('new');
});

test('a failed command empties the cache too', async () => {
  const cache = new ConfigCache();
  cache.number('+1', () => row('old'));
  await expect(cache.around(Promise.reject(new Error('disk')))).rejects.toThrow('disk');
  expect(cache.number('+1', () => row('new'))?.settings.nickname).toBe('new');
});
