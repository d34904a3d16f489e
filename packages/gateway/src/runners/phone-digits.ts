/** Telephone numbers as callers and carriers write them (A0). */
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

const E164 = /^\+[1-9]\d{1,14}$/;
/** Users and the providers' placeholder numbers that mean "not shown". */
const HIDDEN = new Set([
  'anonymous',
  'restricted',
  'unavailable',
  'unknown',
  'private',
  'blocked',
  '+266696687',
  '266696687',
  '+7378742883',
  '7378742883',
  '+8656696',
  '8656696',
  '+86282452253',
  '86282452253',
]);

/** What a caller who hides is called. */
export const ANONYMOUS = 'anonymous';

/** True for the texts that stand for a hidden number. */
export function isHidden(user: string): boolean {
  return user === '' || HIDDEN.has(user.toLowerCase());
}

/**
 * E.164 of a number as dialled, read as a national number of `country` where it does not begin with `+`;
 * undefined where it is none.
 */
export function toE164(user: string, country: string): string | undefined {
  if (E164.test(user)) return user;
  const digits = user.replace(/[\s().-]/g, '');
  if (!/^\+?\d{3,20}$/.test(digits)) return undefined;
  const parsed = parsePhoneNumberFromString(
    digits.startsWith('00') ? `+${digits.slice(2)}` : digits,
    country as CountryCode,
  );
  if (parsed?.isPossible()) return parsed.number;
  return E164.test(digits) ? digits : undefined;
}

/** ISO alpha-2 of an E.164 number, where its country is known (A5). */
export function countryOf(e164: string): string | undefined {
  return e164.startsWith('+') ? parsePhoneNumberFromString(e164)?.country : undefined;
}
