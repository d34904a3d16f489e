/** API keys and the seal key, at rest and at the door (reliability case 86). */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, serveThatFails, startGateway } from './support/gateway.ts';
import { filesHolding } from './support/inspect-store.ts';
import { importNumber } from './support/stage.ts';

const SEAL_KEY = '11'.repeat(32);
const OTHER_SEAL_KEY = '12'.repeat(32);
const TRUNK_PASSWORD = 'trunk-password-7c1d55';

let home = '';
let gateway: GatewayProcess;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  gateway = await startGateway({ home, env: { PICKUP_SEAL_KEY: SEAL_KEY } });
  await importNumber(gateway, '+12137772001', {
    sip_trunk_auth_username: 'trunk',
    sip_trunk_auth_password: TRUNK_PASSWORD,
  });
});
afterAll(async () => {
  await gateway?.kill9();
  rmSync(home, { recursive: true, force: true });
});

test('case 86 a key off by any one bit is refused with 401', async () => {
  const list = (key: string) => gateway.rest('GET', '/v2/list-phone-numbers', undefined, key);
  expect((await list(API_KEY)).status).toBe(200);
  let tried = 0;
  for (let at = 0; at < API_KEY.length; at++) {
    const near = Array.from({ length: 7 }, (_, bit) => String.fromCharCode(API_KEY.charCodeAt(at) ^ (1 << bit)));
    const keys = near
      .filter((letter) => /[\x21-\x7e]/.test(letter))
      .map((letter) => `${API_KEY.slice(0, at)}${letter}${API_KEY.slice(at + 1)}`);
    for (const { status, body } of await Promise.all(keys.map(list))) {
      expect(status).toBe(401);
      expect(body.status).toBe('error');
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(100);
  for (const key of [API_KEY.slice(0, -1), `${API_KEY}0`, API_KEY.toUpperCase()]) {
    expect((await list(key)).status).toBe(401);
  }
});

test('case 86 neither key nor trunk password is in any file of the data folder, nor in the log', async () => {
  const number = await gateway.rest('GET', '/get-phone-number/+12137772001');
  expect(number.body.sip_outbound_trunk_config).toMatchObject({ auth_username: 'trunk' });
  expect(filesHolding(home, '+12137772001')).not.toEqual([]); // the search finds what is there
  for (const secret of [API_KEY, TRUNK_PASSWORD, SEAL_KEY]) {
    expect(filesHolding(home, secret)).toEqual([]);
    expect(gateway.stderr()).not.toContain(secret);
    expect(JSON.stringify(number.body)).not.toContain(secret);
  }
});

test('a wrong seal key, and none, are refused with a clear text; the right one still opens everything', async () => {
  await gateway.stop();
  const wrong = await serveThatFails({ home, env: { PICKUP_SEAL_KEY: OTHER_SEAL_KEY } });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('The key in PICKUP_SEAL_KEY is not the one this store was sealed with');
  expect(wrong.stderr).not.toContain(OTHER_SEAL_KEY);
  const missing = await serveThatFails({ home });
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/holds sealed secrets, but there is no seal key: PICKUP_SEAL_KEY is not set/);
  expect(filesHolding(home, '').includes('seal.key')).toBe(false);
  gateway = await startGateway({ home, env: { PICKUP_SEAL_KEY: SEAL_KEY } });
  expect((await gateway.rest('GET', '/v2/list-phone-numbers')).status).toBe(200);
});

test('a seal key of the data folder that is lost is not made anew', async () => {
  const own = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  try {
    const first = await startGateway({ home: own });
    await first.stop();
    renameSync(join(own, 'seal.key'), join(own, 'seal.key.away'));
    const refused = await serveThatFails({ home: own });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('seal.key does not exist');
    renameSync(join(own, 'seal.key.away'), join(own, 'seal.key'));
    const again = await startGateway({ home: own });
    expect((await again.rest('GET', '/v2/list-phone-numbers')).status).toBe(200);
    await again.kill9();
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
});
