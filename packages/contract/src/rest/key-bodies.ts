/** Body of create-api-key. */
import { choice, field } from '../settings/field.ts';
import { type BodyResult, bodyResult, readBody, table } from './body.ts';

/** `POST /create-api-key`. */
export interface CreateKeyBody {
  /** Default `full`. `webhook` signs once promoted, and opens nothing. */
  readonly role: 'full' | 'read_only' | 'webhook';
}

/** The members of the making of a key. */
export const CREATE_KEY_FIELDS = table({ role: field(choice(['full', 'read_only', 'webhook'])) });

/** Reads the making of a key; without a body it is a full one. */
export function parseCreateKey(value: unknown): BodyResult<CreateKeyBody> {
  const read = readBody(value ?? {}, CREATE_KEY_FIELDS);
  return bodyResult({ role: 'full', ...read.value } as CreateKeyBody, read.issues);
}
