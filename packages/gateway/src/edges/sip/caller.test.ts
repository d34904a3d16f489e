import { buildRequest } from '@pickup/sip';
import { expect, test } from 'vitest';
import { callerNumber, registeredId } from './caller.ts';

const invite = (from: string, uri = 'sip:+12137771234@h') =>
  buildRequest({ method: 'INVITE', uri, headers: [['From', from]] });
const caller = (from: string) => callerNumber(invite(from), { trusted: false, country: 'US' });

test.each([
  ['a name', '<sip:alice@h>', 'alice'],
  ['a tel: URI', '<tel:+14155550100>', '+14155550100'],
  ['10 kB of user', `<sip:${'a'.repeat(10_000)}@h>`, 'a'.repeat(128)],
  ['text that runs from right to left', '<sip:%E2%80%AEalice%E2%80%AC@h>', 'alice'],
  ['a name that only looks like another', '<sip:al%E2%80%8Bice@h>', 'al ice'],
  ['half of a surrogate pair at the cut', `<sip:${'a'.repeat(127)}%F0%9F%98%80@h>`, `${'a'.repeat(127)}\ufffd`],
  ['nothing but invisible characters', '<sip:%E2%80%8B%00@h>', 'anonymous'],
  ['a hidden caller between invisible characters', '<sip:%E2%80%8Banonymous@h>', 'anonymous'],
  ['no address at all', '"x', 'anonymous'],
])('case 72 %s', (_what, from, expected) => {
  expect(caller(from)).toBe(expected);
});

test('A3 the id of a registered call is one only as the user of the Request-URI', () => {
  expect(registeredId(invite('<sip:a@b>', 'sip:call_0a1@h'))).toBe('call_0a1');
  expect(registeredId(invite('<sip:a@b>', 'sip:recall_0a1@h'))).toBeUndefined();
  expect(registeredId(invite('<sip:a@b>', 'tel:call_0a1'))).toBeUndefined();
});
