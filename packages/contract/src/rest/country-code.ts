/** ISO 3166-1 alpha-2 codes, of the runtime's own data. */

const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** Regions of CLDR that are no countries of ISO 3166-1: no telephone number is of any of them. */
const NO_COUNTRY: ReadonlySet<string> = new Set('CP CQ DG EA EU EZ IC QO UN XA XB ZZ'.split(' '));

/** True for a code in use, in capitals. `UK` and codes of countries that are gone are none: no number would match. */
export function isCountryCode(code: string): boolean {
  if (!/^[A-Z]{2}$/.test(code) || NO_COUNTRY.has(code) || names.of(code) === undefined) return false;
  return Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
}
