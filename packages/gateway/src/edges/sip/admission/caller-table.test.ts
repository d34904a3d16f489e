import { describe, expect, test } from 'vitest';
import { parseCidr } from '../../../config/index.ts';
import type { NumberRow } from '../../../stores/port.ts';
import { CallerTable } from './caller-table.ts';

const NUMBER = '+12137771234';
const everywhere = ['127.0.0.0/8'].flatMap((text) => {
  const read = parseCidr(text);
  return read.ok ? [read.cidr] : [];
});

function row(of: Partial<NumberRow['settings']>): NumberRow {
  const settings = {
    phone_number: NUMBER,
    phone_number_type: 'custom' as const,
    last_modification_timestamp: 1,
    ...of,
  };
  return { settings, ...(of.sip_inbound_username && { sealed_sip_inbound_password: 'sealed' }) };
}

const PEERS = { sip_peers: ['192.0.2.0/24'] };
const LOGIN = { sip_inbound_username: 'carrier' };

describe('who may call', () => {
  const [global, own, stranger] = ['127.0.0.1', '192.0.2.7', '198.51.100.1'];
  test.each([
    ['neither', {}, undefined, [global]],
    ['neither, with nulls', { sip_peers: null, sip_inbound_username: null }, undefined, [global]],
    ['sip_peers', PEERS, undefined, [own]],
    ['credentials, none shown', LOGIN, undefined, []],
    ['credentials, those of another number', LOGIN, '+12137779999', []],
    ['credentials, shown', LOGIN, NUMBER, [global, own, stranger]],
    ['both, none shown', { ...PEERS, ...LOGIN }, undefined, []],
    ['both, shown', { ...PEERS, ...LOGIN }, NUMBER, [own]],
    ['peers that can no longer be read', { sip_peers: ['?'] }, undefined, []],
  ] as const)('%s', (_what, settings, provenFor, allowed) => {
    const table = new CallerTable(everywhere);
    const may = (address: string) => table.allows(row(settings).settings, { address, provenFor });
    expect([global, own, stranger].filter(may)).toEqual(allowed);
  });
});

test('a peer of any number is known, until the last number lets go of it', () => {
  const table = new CallerTable(everywhere);
  const other = { ...PEERS, phone_number: '+12137779999' };
  table.put(row(PEERS));
  table.put(row(PEERS));
  table.put(row(other));
  expect([table.knows('127.0.0.1'), table.knows('192.0.2.7'), table.knows('192.0.3.7')]).toEqual([true, true, false]);
  table.put(row({}));
  expect(table.knows('192.0.2.7')).toBe(true);
  table.delete('+12137779999');
  table.delete('+12137779999');
  expect([table.knows('192.0.2.7'), table.knows('127.0.0.1')]).toEqual([false, true]);
});

test('strangers are asked as long as a number takes calls from anywhere', () => {
  const table = new CallerTable(everywhere);
  table.put(row({ ...PEERS, ...LOGIN }));
  expect([table.asksStrangers, table.withLogin?.phoneNumber]).toEqual([false, NUMBER]);
  table.put(row(LOGIN));
  table.put(row({ ...LOGIN, phone_number: '+1' }));
  table.delete(NUMBER);
  expect([table.asksStrangers, table.withLogin?.phoneNumber]).toEqual([true, '+1']);
  table.put(row({ phone_number: '+1' }));
  expect([table.asksStrangers, table.withLogin]).toEqual([false, undefined]);
});

test('numbers without a rule are not kept, and the exact form goes before E.164', () => {
  const table = new CallerTable(everywhere);
  table.put(row({}));
  expect([...table.numbers()]).toEqual([]);
  table.put(row(PEERS));
  table.put(row({ ...PEERS, phone_number: '2137771234' }));
  expect(table.find('2137771234', NUMBER)?.phoneNumber).toBe('2137771234');
  expect(table.find('777', NUMBER)?.phoneNumber).toBe(NUMBER);
  expect(table.find('777', undefined)).toBeUndefined();
});
