import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openSqliteStore } from './index.ts';
import { inspectLock } from './inspect-lock.ts';
import { inspectStore } from './inspect-store.ts';
import { MIGRATIONS } from './migrations/index.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pickup-inspect-'));
  folders.push(folder);
  return folder;
}

const silent = { warn() {}, error() {} };
const number = (phone_number: string, urls: object) =>
  ({ settings: { phone_number, phone_number_type: 'custom', last_modification_timestamp: 1, ...urls } }) as const;

test('beside an open store it reads schema, secrets, numbers and that all is whole', async () => {
  const folder = newFolder();
  const store = openSqliteStore({ folder, log: silent });
  await store.putMeta('seal_check', 'sealed');
  await store.putNumber(
    {
      ...number('+1201', { inbound_webhook_url: 'https://a/', sip_peers: ['192.0.2.0/24'] }),
      sealed_auth_password: 'v1.x',
    },
    'create',
  );
  await store.putNumber(
    number('+1202', { inbound_webhook_url: 'https://a/', inbound_sms_webhook_url: 'https://b/' }),
    'create',
  );
  await store.putNumber(
    {
      ...number('+1203', {
        inbound_webhook_url: null,
        sip_inbound_username: 'u',
        phone_number_type: 'retell-twilio',
      }),
      sealed_sip_inbound_password: 'v1.y',
    },
    'create',
  );
  const found = await inspectStore({ folder, phoneNumber: '+1202', limitMs: 10_000 });
  const known = MIGRATIONS.at(-1)!.number;
  expect(found).toEqual({
    exists: true,
    schema: { found: known, known },
    secrets: {
      check: 'sealed',
      api_keys: [],
      trunk_passwords: [{ phone_number: '+1201', sealed: 'v1.x' }],
      inbound_passwords: [{ phone_number: '+1203', sealed: 'v1.y' }],
    },
    number: expect.objectContaining({ phone_number: '+1202' }),
    numbers: {
      count: 3,
      urls: 2,
      sip_peers: ['192.0.2.0/24'],
      open_to_all: true,
      bought: [{ phone_number: '+1203', provider: 'twilio' }],
      webhooks: [
        { url: 'https://a/', phone_number: '+1201', numbers: 2 },
        { url: 'https://b/', phone_number: '+1202', numbers: 1 },
      ],
    },
    integrity: 'ok',
  });
  await store.close();
});

test('a folder without a database, and a file that is none', async () => {
  const folder = newFolder();
  expect(await inspectStore({ folder, limitMs: 5_000 })).toEqual({ exists: false });
  writeFileSync(join(folder, 'pickup.db'), 'this is no database, and longer than a header would be '.repeat(20));
  const found = await inspectStore({ folder, limitMs: 10_000 });
  expect(found).toMatchObject({ exists: true, error: { code: 'SQLITE_NOTADB' } });
});

test('it ends at its limit', async () => {
  const folder = newFolder();
  await openSqliteStore({ folder, log: silent }).close();
  const found = await inspectStore({ folder, limitMs: 0 });
  expect(found).toEqual({ exists: true });
});

test('the lock is seen, with the holder, and not taken', async () => {
  const folder = newFolder();
  expect(inspectLock(folder)).toEqual({ held: false });
  // Another process, as with doctor: closing lock.db here would drop the lock of a store of this process.
  const script = `import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)};
    lockFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(inspectLock(folder)).toEqual({ held: true, pid: child.pid });
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  expect(inspectLock(folder)).toEqual({ held: false });
});
