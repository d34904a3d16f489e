/** Routes whose bodies may be forms with files. They live in a scope of their own: no other route takes forms. */
import { apiError } from '@pickup/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, invalid } from './failure.ts';

/** Of a form with all its files. */
const FORM_LIMIT_BYTES = 50 * 1024 * 1024;

/** Bodies of the type multipart/form-data become a `Form`. */
export function readForms(scope: FastifyInstance, deps: ApiDeps): void {
  const bodyLimit = deps.formLimitBytes ?? FORM_LIMIT_BYTES;
  const read = async (request: FastifyRequest, body: Buffer) => {
    const form = await deps.library.readForm(body, request.headers['content-type'] ?? '');
    if (form === 'too_large') throw new ApiFailure(apiError('body_too_large'));
    if (form === 'no_form') throw invalid('the body is not multipart/form-data, though it says so.');
    return form;
  };
  scope.addContentTypeParser('multipart/form-data', { parseAs: 'buffer', bodyLimit }, read);
}
