import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../stores/memory/index.ts';
import { loadSealKey, parseSealKey, SealKeyRefused } from './load-seal-key.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pickup-keys-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('seal key', () => {
  test('is made once, mode 0600, with a warning, and serves the next start', async () => {
    const store = createMemoryStore();
    const warnings: string[] = [];
    const log = { warn: (message: string) => void warnings.push(message) };
    const sealed = (await loadSealKey({ home, store, log })).seal('secret', 'row');
    expect((await stat(join(home, 'seal.key'))).mode & 0o777).toBe(0o600);
    expect((await loadSealKey({ home, store, log })).open(sealed, 'row')).toBe('secret');
    expect(warnings).toHaveLength(1);
  });

  test('another one at the next start is refused, from the environment or the file', async () => {
    const store = createMemoryStore();
    const log = { warn: () => {} };
    await loadSealKey({ home, store, log, fromEnv: '11'.repeat(32) });
    const other = loadSealKey({ home, store, log, fromEnv: '22'.repeat(32) });
    await expect(other).rejects.toThrow('PICKUP_SEAL_KEY is not the one this store was sealed with');
    await expect(loadSealKey({ home, store, log })).rejects.toThrow('there is no seal key');
    await expect(readFile(join(home, 'seal.key'))).rejects.toThrow('ENOENT');
    await loadSealKey({ home, store, log, fromEnv: Buffer.alloc(32, 0x11).toString('base64') });
  });

  test('is 32 bytes as base64 or hex, else refused without being shown', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8 + 3));
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      expect(parseSealKey(`${bytes.toString(form)}\n`, 'PICKUP_SEAL_KEY')).toEqual(bytes);
    }
    for (const bad of ['', 'hunter2hunter2', '11'.repeat(31), 'x'.repeat(44), 'ü'.repeat(43)]) {
      expect(() => parseSealKey(bad, 'PICKUP_SEAL_KEY')).toThrow(SealKeyRefused);
    }
    expect(() => parseSealKey('hunter2', 'PICKUP_SEAL_KEY')).toThrow(/^(?!.*hunter2)PICKUP_SEAL_KEY must be 32 bytes/);
  });
});
