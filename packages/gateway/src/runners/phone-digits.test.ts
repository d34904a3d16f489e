import { expect, test } from 'vitest';
import { countryOf, isHidden, toE164 } from './phone-digits.ts';

test.each([
  ['+12137771235', 'US', '+12137771235'],
  ['12137771235', 'US', '+12137771235'],
  ['2137771235', 'US', '+12137771235'],
  ['(213) 777-1235', 'US', '+12137771235'],
  ['+1 213.777.1235', 'US', '+12137771235'],
  ['030 901820', 'DE', '+4930901820'],
  ['004930901820', 'US', '+4930901820'],
  ['02079460958', 'GB', '+442079460958'],
])('A0 %s dialled on a trunk of %s is %s', (dialled, country, e164) => {
  expect(toE164(dialled, country)).toBe(e164);
});

test.each(['alice', '', '12', '+0123456', 'call_9f', '*67', '1'.repeat(21)])('A0 %j is no number', (user) => {
  expect(toE164(user, 'US')).toBeUndefined();
});

test.each(['anonymous', 'Anonymous', 'RESTRICTED', 'Unavailable', 'unknown', '', '+266696687', '7378742883'])(
  'A0 %j stands for a caller who hides',
  (user) => {
    expect(isHidden(user)).toBe(true);
  },
);

test('A0 a number, or a name like one of them, hides nobody', () => {
  expect(['+12137771234', 'anonymouse', '266'].filter(isHidden)).toEqual([]);
});

test('A5 a country is known of a number in E.164 only', () => {
  expect(countryOf('+12137771234')).toBe('US');
  expect(countryOf('+14165550100')).toBe('CA');
  expect(countryOf('+4930901820')).toBe('DE');
  expect([countryOf('12137771234'), countryOf('anonymous'), countryOf('+999123')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
