/** Any thrown thing as an answer of the catalogue; framework errors too. */
import { type ApiError, type ApiErrorCode, apiError } from '@pickup/contract';
import { BadPaginationKey } from '../stores/page.ts';
import { StoreUnavailable } from '../stores/port.ts';
import { ApiFailure } from './failure.ts';

type PlainCode = Extract<
  ApiErrorCode,
  'body_too_large' | 'unsupported_media_type' | 'request_timeout' | 'invalid_json' | 'not_found'
>;

const BY_FRAMEWORK_CODE: Readonly<Record<string, PlainCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Internals never leave: only an ApiFailure's own text is passed on. */
export function answerTo(error: unknown): ApiError {
  if (error instanceof ApiFailure) return error.answer;
  if (error instanceof StoreUnavailable) return apiError('overloaded');
  if (error instanceof BadPaginationKey) {
    return apiError('invalid_request', { reason: 'pagination_key must be one that a list returned.' });
  }
  const { code, statusCode } = (error ?? {}) as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' ? BY_FRAMEWORK_CODE[code] : undefined;
  if (known !== undefined) return apiError(known);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return apiError('invalid_request', { reason: 'the request cannot be read.' });
  }
  return apiError('internal');
}

/** Headers that belong to an answer: retell-sdk repeats 408, 409, 429 and 5xx unless it is told not to. */
export function headersOf(answer: ApiError): Record<string, string> {
  const repeated = answer.status >= 500 || [408, 409, 429].includes(answer.status);
  return {
    ...(repeated && { 'x-should-retry': String(answer.should_retry) }),
    ...(answer.code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
    ...(answer.code === 'overloaded' && { 'retry-after': '1' }),
  };
}
