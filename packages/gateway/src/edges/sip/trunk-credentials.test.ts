import { expect, test } from 'vitest';
import { createLog } from '../../observe/index.ts';
import type { NumberRow } from '../../stores/port.ts';
import { trunkCredentials } from './trunk-credentials.ts';

const row = {
  settings: {
    phone_number: '+12137771234',
    sip_outbound_trunk_config: { termination_uri: 'sip.example.com', auth_username: 'trunk' },
  },
  sealed_auth_password: 'sealed',
} as unknown as NumberRow;

function finder(found: NumberRow | undefined, open: (sealed: string, phoneNumber: string) => string) {
  const lines: string[] = [];
  const find = trunkCredentials({
    store: { getNumber: async (number) => (number === '+12137771234' ? found : undefined) },
    callers: { knows: (address) => address === '192.0.2.9' },
    log: createLog({
      clock: { wallMs: () => 0 },
      write: (line) => lines.push(line),
    }),
    country: 'US',
    openPassword: open,
  });
  const ask = (localAddress = '"Us" <sip:+12137771234@pbx>;tag=1', address = '192.0.2.9') =>
    find({ callId: 'c', localAddress, address });
  return { ask, lines };
}

test('the trunk of the dialled number, however it was dialled', async () => {
  const { ask } = finder(row, (sealed, phoneNumber) => `${sealed} of ${phoneNumber}`);
  const credentials = { username: 'trunk', password: 'sealed of +12137771234' };
  expect(await ask()).toEqual(credentials);
  expect(await ask('<sip:2137771234@pbx>')).toEqual(credentials);
});

test('nothing for a stranger, a number without trunk login, an unknown number, or none', async () => {
  const { ask } = finder(row, () => 'secret');
  expect(await ask(undefined, '198.51.100.1')).toBeUndefined();
  expect(await ask('<sip:+12137770000@pbx>')).toBeUndefined();
  expect(await ask('<mailto:a@b>')).toBeUndefined();
  const { sealed_auth_password: _gone, ...bare } = row;
  expect(await finder(bare, () => 'secret').ask()).toBeUndefined();
});

test('a password that does not open is a line in the log, and no answer', async () => {
  const { ask, lines } = finder(row, () => {
    throw new Error('another key');
  });
  expect(await ask()).toBeUndefined();
  expect(lines.join()).toContain('trunk_password_failed');
});
