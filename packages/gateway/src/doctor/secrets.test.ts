import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createSeal, sealInboundPassword, sealKeyId, sealTrunkPassword } from '../keys/index.ts';
import type { StoreInspection } from '../stores/index.ts';
import { judgeSealKey, probeSealKey, signingKeyOf } from './secrets.ts';

const home = mkdtempSync(join(tmpdir(), 'pickup-doctor-'));
const file = join(home, 'seal.key');
afterEach(() => rmSync(file, { force: true }));

const KEY = Buffer.alloc(32, 7);
const id = sealKeyId(KEY);
const seal = createSeal({ keys: [{ id, key: KEY }], current: id });
const store: StoreInspection = {
  exists: true,
  secrets: {
    check: seal.seal('pickup', 'seal_check'),
    api_keys: [{ key_id: 'k1', sealed_key: seal.seal('the signing key', 'k1'), signs: true }],
    trunk_passwords: [{ phone_number: '+1', sealed: sealTrunkPassword(seal, '+1', 'p') }],
    inbound_passwords: [{ phone_number: '+1', sealed: sealInboundPassword(seal, '+1', 'p') }],
  },
};

test('a key of mode 0600 that opens everything is ok, and gives the key that signs', async () => {
  writeFileSync(file, KEY.toString('base64'), { mode: 0o600 });
  const facts = await probeSealKey({ home });
  expect(judgeSealKey(facts, store)).toEqual([
    expect.objectContaining({ level: 'ok', found: expect.stringContaining('3 secrets') }),
  ]);
  expect(signingKeyOf(facts, store)).toBe('the signing key');
});

test('others can read the file: a warning with the command', async () => {
  writeFileSync(file, KEY.toString('base64'));
  chmodSync(file, 0o644);
  const [found] = judgeSealKey(await probeSealKey({ home }), store);
  expect(found).toMatchObject({ level: 'warn', change: `chmod 600 ${file}` });
});

test('another key, from the environment, does not open the database', async () => {
  const facts = await probeSealKey({ home, sealKey: Buffer.alloc(32, 8) });
  const [found] = judgeSealKey(facts, store);
  expect(found).toMatchObject({ level: 'fail', found: 'the key in PICKUP_SEAL_KEY does not open the database' });
  expect(signingKeyOf(facts, store)).toBe(undefined);
});

test('a secret that was put into another row is named', async () => {
  const facts = await probeSealKey({ home, sealKey: KEY });
  const moved = { ...store.secrets!, trunk_passwords: [{ ...store.secrets!.trunk_passwords[0]!, phone_number: '+2' }] };
  const [found] = judgeSealKey(facts, { exists: true, secrets: moved });
  expect(found).toMatchObject({ level: 'fail', found: expect.stringContaining('1 of the SIP passwords (+2…)') });
});

test('no key: ok for a new folder, a failure where something is sealed', async () => {
  const facts = await probeSealKey({ home });
  expect(judgeSealKey(facts, { exists: false })[0]).toMatchObject({ level: 'ok' });
  expect(judgeSealKey(facts, store)[0]).toMatchObject({
    level: 'fail',
    change: expect.stringContaining('PICKUP_SEAL_KEY'),
  });
});

test('a text that is no key is not shown', async () => {
  writeFileSync(file, 'geheim-geheim', { mode: 0o600 });
  const [found] = judgeSealKey(await probeSealKey({ home }), store);
  expect(found).toMatchObject({ level: 'fail' });
  expect(JSON.stringify(found)).not.toContain('geheim');
});
