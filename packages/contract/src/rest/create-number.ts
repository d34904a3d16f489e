/** Body of create-phone-number: what to buy, and the settings the number gets. */
import { choice, type Field, field, flag, integer, nullable, text } from '../settings/field.ts';
import { fault, warning } from '../settings/issue.ts';
import { type BodyResult, bodyResult, isE164, readBody, table } from './body.ts';
import { NEW_NUMBER_FIELDS, type NumberBody, type NumberChecks, readNewNumber } from './number-bodies.ts';

/** Where a number is bought. */
export type NumberProvider = 'twilio' | 'telnyx';

/** What kind of number is wanted. */
export interface NumberWish {
  /** Default `US`. */
  readonly country_code: 'US' | 'CA';
  /** Of the US; default any. */
  readonly area_code?: number;
  /** Exactly this one; the rest of the wish does not matter then. */
  readonly phone_number?: string;
  /** Default false: a local number. */
  readonly toll_free: boolean;
}

/** A purchase, read. */
export interface CreateNumberBody {
  /** Default `twilio`. */
  readonly number_provider: NumberProvider;
  readonly wish: NumberWish;
  /** What the number is to have. */
  readonly number: Pick<NumberBody, 'settings' | 'sip_inbound_password'>;
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
export function parseCreateNumber(value: unknown, options: NumberChecks = {}): BodyResult<CreateNumberBody> {
  const read = readBody(value, CREATE_NUMBER_FIELDS);
  const { number_provider, area_code, country_code, toll_free, transport, ...settings } = read.value;
  const { body, issues } = readNewNumber({ value: settings, issues: read.issues }, options);
  const { phone_number } = body;
  if (area_code !== undefined && country_code === 'CA') {
    const message = 'area_code is for numbers of the US; leave it out where country_code is CA.';
    issues.push(fault({ code: 'not_allowed_value', pointer: '/area_code', message, sent: area_code }));
  }
  if (phone_number !== undefined && !(options.isNumber ?? isE164)(phone_number)) {
    const message = 'phone_number must be in E.164 form such as +12137771234.';
    issues.push(fault({ code: 'bad_format', pointer: '/phone_number', message, sent: phone_number }));
  }
  if (phone_number !== undefined && (area_code !== undefined || toll_free !== undefined)) {
    const message = 'area_code and toll_free were ignored, for phone_number says which number it is to be.';
    issues.push(warning({ code: 'ignored_field', pointer: '/phone_number', message }));
  }
  if (typeof transport === 'string') {
    const message = 'transport was ignored: it is for calls that go out, and Pickup places none yet.';
    issues.push(warning({ code: 'ignored_field', pointer: '/transport', message }, 'not_applied'));
  }
  const { sip_inbound_password } = body;
  return bodyResult(
    {
      number_provider: number_provider === 'telnyx' ? 'telnyx' : 'twilio',
      wish: {
        country_code: country_code === 'CA' ? 'CA' : 'US',
        toll_free: toll_free === true,
        ...(typeof area_code === 'number' && { area_code }),
        ...(phone_number !== undefined && { phone_number }),
      },
      number: { settings: body.settings, ...(sip_inbound_password !== undefined && { sip_inbound_password }) },
    },
    issues,
  );
}
