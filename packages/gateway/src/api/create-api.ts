/**
 * The REST server: Retell's routes and ours on one fastify instance.
 * A request is authenticated before its body is read; every reply that is not a success has Retell's error body.
 */

import { type ApiError, apiError } from '@pickup/contract';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ApiDeps } from './deps.ts';
import { answerTo, headersOf } from './error-reply.ts';
import { ApiFailure } from './failure.ts';
import { parseJsonBody } from './json-body.ts';
import type { Ask, Route } from './route.ts';
import { apiRoutes } from './routes.ts';

const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Idle sockets and slow senders are let go. */
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_WARNING_CHARS = 2_000;

/** Creates the server; the caller listens and closes. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: deps.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, _request, reply) => void send(reply, answerTo(error)),
    clientErrorHandler: (_error, socket) => {
      if (!socket.writable) return void socket.destroy();
      const body = JSON.stringify(apiError('invalid_request', { reason: 'the request cannot be read.' }).body);
      const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
      socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
    },
    routerOptions: { maxParamLength: 200 },
  });
  readJsonBodies(app);
  answerErrors(app, deps);
  const routes = apiRoutes(deps);
  answerUnknownRoutes(app, routes);
  for (const route of routes) mount(app, route, deps);
  return app;
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

function answerUnknownRoutes(app: FastifyInstance, routes: readonly Route[]): void {
  const patterns = routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const allowed = patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (allowed.length === 0) return send(reply, apiError('not_found'));
    reply.header('allow', allowed.join(', '));
    return send(reply, apiError('method_not_allowed'));
  });
}

function send(reply: FastifyReply, answer: ApiError) {
  return reply.code(answer.status).headers(headersOf(answer)).send(answer.body);
}

function mount(app: FastifyInstance, route: Route, deps: ApiDeps): void {
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(route.access !== 'public' && { onRequest: (request: FastifyRequest) => admit(request, route, deps) }),
    handler: (request, reply) => answer(request, reply, route, deps),
  });
}

async function admit(request: FastifyRequest, route: Route, deps: ApiDeps): Promise<void> {
  const key = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const caller = key === undefined ? undefined : await deps.authenticate(key);
  if (caller === undefined) throw new ApiFailure(apiError('unauthorized'));
  if (route.access === 'write' && caller.role !== 'full') {
    throw new ApiFailure(apiError('forbidden'));
  }
}

async function answer(request: FastifyRequest, reply: FastifyReply, route: Route, deps: ApiDeps) {
  const warnings: string[] = [];
  let status = route.status ?? 200;
  const ask: Ask = {
    params: request.params as Readonly<Record<string, string>>,
    body: request.body,
    query: request.query as Readonly<Record<string, unknown>>,
    warn: (text) => void warnings.push(text),
    header: (name, value) => void reply.header(name, value),
    status: (other) => {
      status = other;
    },
  };
  const result = await route.handle(ask);
  if (warnings.length > 0) {
    deps.log.warn('api_warning', { route: route.path, 'pii.warnings': warnings });
    reply.header('x-pickup-warning', headerText(warnings.join(' ')));
  }
  reply.code(status);
  return result === undefined ? reply.send() : reply.send(result);
}

/** Only what may stand in a header. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_WARNING_CHARS);
}
