import { expect, test } from 'vitest';
import { fault } from '../settings/issue.ts';
import { API_ERRORS, apiError, invalidRequest } from './api-error.ts';

test("every error has Retell's body shape and fills its message", () => {
  expect(apiError('flow_not_found', { id: 'cf_1' })).toEqual({
    code: 'flow_not_found',
    status: 404,
    should_retry: false,
    body: { status: 'error', message: 'Conversation flow cf_1 was not found.', code: 'flow_not_found' },
  });
  expect(apiError('not_found_asset').body.message).toBe('Cannot find requested asset under given api key.');
});

test('a parameter that looks like a placeholder is not filled again', () => {
  expect(apiError('version_not_found', { version: '{id}', id: 'a' }).body.message).toBe(
    'Version {id} of a was not found.',
  );
});

test('statuses the SDK retries by itself say whether it should', () => {
  const retried = Object.entries(API_ERRORS)
    .filter(([, { retry }]) => retry)
    .map(([code]) => code);
  expect(retried).toEqual(['request_timeout', 'internal', 'overloaded']);
  for (const { status, retry } of Object.values(API_ERRORS)) if (retry) expect([408, 500, 503]).toContain(status);
});

test('invalid_request has the first fault in its message and all in issues', () => {
  const issues = [
    fault({ code: 'wrong_type', pointer: '/a', message: 'a must be a string, not null.' }),
    { ...fault({ code: 'unknown_field', pointer: '/b', message: 'b' }), severity: 'warning' as const },
    fault({ code: 'wrong_type', pointer: '/c', message: 'c.' }),
  ];
  const error = invalidRequest(issues);
  expect(error.body.message).toBe('Invalid request: /a: a must be a string, not null. (and 1 more)');
  expect(error.body.issues).toHaveLength(2);
});
