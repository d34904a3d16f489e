/** Body of create-phone-number: what to buy, and the settings the number gets. */
import { choice, type Field, field, flag, integer, nullable, text } from '../settings/field.ts';
import { fault } from '../settings/issue.ts';
import { type BodyResult, bodyResult, readBody, table } from './body.ts';
import { checkWeightsOf, NEW_NUMBER_FIELDS } from './number-bodies.ts';

/** Where a number is bought. */
export type NumberProvider = 'twilio' | 'telnyx';

/** A purchase, read. */
export interface CreateNumberBody {
  /** Default `twilio`. */
  readonly number_provider: NumberProvider;
}

const PURCHASE: Readonly<Record<string, Field>> = {
  area_code: field(integer({ min: 200, max: 999 })),
  country_code: field(choice(['US', 'CA'])),
  number_provider: field(choice(['twilio', 'telnyx'])),
  phone_number: field(text()),
  toll_free: field(flag()),
  transport: nullable(choice(['TLS', 'TCP', 'UDP'])),
};

/** The members of a purchase. */
export const CREATE_NUMBER_FIELDS = table({ ...NEW_NUMBER_FIELDS, ...PURCHASE });

/** Reads `POST /create-phone-number`. */
export function parseCreateNumber(value: unknown): BodyResult<CreateNumberBody> {
  const read = readBody(value, CREATE_NUMBER_FIELDS);
  const issues = [...read.issues, ...checkWeightsOf(read.value)];
  const { number_provider, area_code, country_code } = read.value;
  if (area_code !== undefined && country_code === 'CA') {
    const message = 'area_code is for numbers of the US; leave it out where country_code is CA.';
    issues.push(fault({ code: 'not_allowed_value', pointer: '/area_code', message, sent: area_code }));
  }
  return bodyResult({ number_provider: number_provider === 'telnyx' ? 'telnyx' : 'twilio' }, issues);
}
