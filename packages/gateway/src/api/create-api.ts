/**
 * The REST server: Retell's routes and ours on one fastify instance.
 * A request is authenticated before its body is read; every reply that is not a success has Retell's error body.
 */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ApiError, apiError } from '@pickup/contract';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { ApiDeps } from './deps.ts';
import { answerTo, headersOf } from './error-reply.ts';
import { ApiFailure } from './failure.ts';
import { readForms } from './forms.ts';
import { parseJsonBody } from './json-body.ts';
import { outsideCore } from './outside-core.ts';
import { readRawBodies } from './raw-bodies.ts';
import type { Route } from './route.ts';
import { apiRoutes } from './routes.ts';
import { admit, serveRoute } from './serve-route.ts';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Idle sockets and slow senders are let go. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Creates the server; the caller listens and closes. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: deps.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // The framework's own 503 has another body; what still comes in while closing is served.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => void send(reply, answerTo(error)),
    clientErrorHandler: answerBrokenRequest,
    routerOptions: { maxParamLength: 200 },
  });
  readJsonBodies(app);
  answerErrors(app, deps);
  // Streams never end by themselves, and the server waits for what is open.
  app.addHook('preClose', async () => deps.feed.close());
  const routes = apiRoutes(deps);
  answerUnknownRoutes(app, routes, deps);
  for (const route of routes) if (!route.form && !route.raw) serveRoute(app, route, deps);
  void app.register((scope, _options, done) => {
    readForms(scope, deps);
    for (const route of routes) if (route.form) serveRoute(scope, route, deps);
    done();
  });
  void app.register((scope, _options, done) => {
    readRawBodies(scope);
    for (const route of routes) if (route.raw) serveRoute(scope, route, deps);
    done();
  });
  return app;
}

/** Bytes that are no HTTP, or a request that did not arrive in time: there is no reply object yet. */
function answerBrokenRequest(error: Error, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const answer = answerTo({ statusCode: 400, code: (error as { readonly code?: unknown }).code });
  const body = JSON.stringify(answer.body);
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(String(body)));
    } catch (error) {
      done(error as Error);
    }
  });
}

function answerErrors(app: FastifyInstance, deps: ApiDeps): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = answerTo(error);
    const fields = { method: request.method, route: request.routeOptions.url, code: answer.code, error };
    if (answer.status >= 500) deps.log.error('api_failed', fields);
    return send(reply, answer);
  });
}

/** Before the body is read, which may be anything. */
function answerUnknownRoutes(app: FastifyInstance, routes: readonly Route[], deps: ApiDeps): void {
  const patterns = routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0]!;
    const feature = outsideCore(request.method, path);
    if (feature !== undefined) {
      await admit(request, 'read', deps);
      throw new ApiFailure(apiError('not_offered', { feature }));
    }
    const allowed = patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (allowed.length === 0) throw new ApiFailure(apiError('not_found'));
    reply.header('allow', allowed.join(', '));
    throw new ApiFailure(apiError('method_not_allowed'));
  });
}

function send(reply: FastifyReply, answer: ApiError) {
  return reply.code(answer.status).headers(headersOf(answer)).send(answer.body);
}
