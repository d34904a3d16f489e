/** Bodies of providers' webhooks, untouched: a signature covers every byte. They live in a scope of their own. */
import type { FastifyInstance } from 'fastify';

/** Far above any text with its media links. */
const RAW_LIMIT_BYTES = 256 * 1024;

/** Bodies of every type, and of none, become a Buffer. */
export function readRawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: RAW_LIMIT_BYTES }, (_request, body, done) => {
    done(null, body);
  });
}
