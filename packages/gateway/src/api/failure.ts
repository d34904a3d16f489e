/**
 * Failures of a request. Handlers throw an `ApiFailure` with an answer of the contract's catalogue; whatever else is
 * thrown is a bug and answered 500 without its text.
 */
import { type ApiError, apiError, type BodyResult, type Issue } from '@pickup/contract';
import type { Deletion } from '../stores/port.ts';

/** An expected failure; all of `answer` is public. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly answer: ApiError;

  constructor(answer: ApiError) {
    super(answer.body.message);
    this.answer = answer;
  }
}

/** 422 in Retell's words: an id nobody knows. */
export function unknownAsset(): ApiFailure {
  return new ApiFailure(apiError('not_found_asset'));
}

/** 422: the request names something that does not exist or does not fit; `reason` says what. */
export function badReference(reason: string): ApiFailure {
  return new ApiFailure(apiError('unknown_reference', { reason }));
}

/** 400 with a reason of one sentence. */
export function invalid(reason: string): ApiFailure {
  return new ApiFailure(apiError('invalid_request', { reason }));
}

/** Throws 400 with the message of every error among the issues, if there is one. */
export function refuseFaults(issues: readonly Issue[]): void {
  const errors = issues.filter((issue) => issue.severity === 'error');
  if (errors.length === 0) return;
  const reason = errors.map((issue) => issue.message).join(' ');
  throw new ApiFailure(apiError('invalid_request', { reason }, errors));
}

/** The value of what was read, its warnings given to `warn`. Throws 400 with every fault. */
export function accept<T>(result: BodyResult<T>, warn: (message: string) => void): T {
  if (!result.ok) {
    refuseFaults(result.issues);
    throw invalid('not well-formed.');
  }
  for (const issue of result.warnings) warn(issue.message);
  return result.value;
}

/** Throws unless it was deleted: 422 for an unknown id, 400 with the names of those that use it. */
export function refuseDeletion(id: string, deletion: Deletion): void {
  if (deletion === 'unknown') throw unknownAsset();
  if (deletion !== 'deleted') throw new ApiFailure(apiError('in_use', { id, user: deletion.used_by.join(', ') }));
}
