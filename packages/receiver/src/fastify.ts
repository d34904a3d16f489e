/** The endpoint for Fastify (4 and 5): as a plugin with its own body parser, or as a route's handler. */

import { headerOf } from './adapters/node-body.ts';
import type { InboundHandler } from './inbound/inbound-handler.ts';

/** What is needed of a FastifyRequest. */
export interface FastifyRequestLike {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

/** What is needed of a FastifyReply. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}

/** What is needed of a FastifyInstance. */
export interface FastifyLike {
  removeContentTypeParser(contentType: string): unknown;
  addContentTypeParser(
    contentType: string,
    options: { parseAs: 'buffer' },
    parser: (request: never, body: never, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown;
  post(path: string, handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>): unknown;
}

/**
 * `app.post('/inbound', fastifyHandler(inbound))`. Behind Fastify's own JSON parser the body is verified as compact
 * JSON, which is what Pickup sends; `fastifyInbound` verifies the raw bytes.
 */
export function fastifyHandler(handler: InboundHandler) {
  return async (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown> => {
    const { rawBody } = request as { readonly rawBody?: unknown };
    const found = typeof rawBody === 'string' || ArrayBuffer.isView(rawBody) ? rawBody : request.body;
    const answer = await handler.answer({
      method: request.method,
      header: (name) => headerOf(request.headers, name),
      body: (found ?? '') as string | Uint8Array | object,
    });
    reply.code(answer.status);
    reply.headers({ ...answer.headers });
    reply.send(answer.body);
    return reply;
  };
}

/** A plugin with one route, `/` below its prefix: `app.register(fastifyInbound(inbound), { prefix: '/inbound' })`. */
export function fastifyInbound(handler: InboundHandler) {
  return async (app: FastifyLike): Promise<void> => {
    // In this plugin alone: elsewhere JSON stays parsed.
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/', fastifyHandler(handler));
  };
}
