/** docs/errors.md tells what these headers say. */
import { API_ERRORS, type ApiErrorCode, apiError } from '@pickup/contract';
import { expect, test } from 'vitest';
import { headersOf } from './error-reply.ts';

const codes = Object.keys(API_ERRORS) as ApiErrorCode[];

test.each(codes)('%s has x-should-retry if the SDK repeats its status by itself, and only then', (code) => {
  const { status, retry } = API_ERRORS[code];
  const repeated = [408, 409, 429].includes(status) || status >= 500;
  const header = headersOf(apiError(code as 'internal'))['x-should-retry'];
  expect(header).toBe(repeated ? String(retry) : undefined);
});
