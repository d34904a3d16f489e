import { expect, test } from 'vitest';
import { isCountryCode } from './country-code.ts';

test('A5 a country list takes codes that a number can be of', () => {
  expect(['US', 'GB', 'AT', 'XK', 'CW'].filter((code) => !isCountryCode(code))).toEqual([]);
  expect(['UK', 'EU', 'UN', 'DD', 'CS', 'ZZ', 'QX', 'us', 'USA', ''].filter(isCountryCode)).toEqual([]);
});
