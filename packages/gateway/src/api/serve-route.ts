/** One route on the server: who may, what came, what goes out, one wide log event. */
import { apiError } from '@pickup/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../knowledge/index.ts';
import type { ApiDeps } from './deps.ts';
import { answerTo } from './error-reply.ts';
import { ApiFailure, invalid } from './failure.ts';
import { type Access, type Ask, EventStream, JsonText, type Route } from './route.ts';

const MAX_WARNING_CHARS = 2_000;
const MOST_FIELDS = 200;

/** What is known of a request beside fastify's own. */
interface Seen {
  keyId?: string;
  readonly warnings: string[];
}

/** Mounts the route. The key is checked before the body is read. */
export function serveRoute(app: FastifyInstance, route: Route, deps: ApiDeps): void {
  const seen = new WeakMap<FastifyRequest, Seen>();
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    async onRequest(request) {
      const own: Seen = { warnings: [] };
      seen.set(request, own);
      if (route.access !== 'public') own.keyId = await admit(request, route.access, deps);
    },
    handler: (request, reply) => answer(request, reply, { route, deps, seen: seen.get(request)! }),
    async onResponse(request, reply) {
      logRequest(deps, route, seen.get(request), reply);
    },
  });
}

/** The id of the key that may do this. Throws 401 and 403. */
export async function admit(
  request: FastifyRequest,
  access: Exclude<Access, 'public'>,
  deps: Pick<ApiDeps, 'authenticate'>,
): Promise<string> {
  const key = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const caller = key === undefined ? undefined : await deps.authenticate(key);
  if (caller === undefined) throw new ApiFailure(apiError('unauthorized'));
  const allowed = access === 'write' ? caller.role === 'full' : caller.role !== 'webhook';
  if (!allowed) throw new ApiFailure(apiError('forbidden'));
  return caller.key_id;
}

/** A key may be revoked while it is streamed to. */
function stillAdmitted(request: FastifyRequest, { access }: Route, deps: ApiDeps): Promise<boolean> {
  if (access === 'public') return Promise.resolve(true);
  return admit(request, access, deps).then(
    () => true,
    () => false,
  );
}

interface Answering {
  readonly route: Route;
  readonly deps: ApiDeps;
  readonly seen: Seen;
}

async function answer(request: FastifyRequest, reply: FastifyReply, { route, deps, seen }: Answering) {
  const { warnings } = seen;
  refuseRepeats(route, request.query);
  let status = route.status ?? 200;
  const ask: Ask = {
    params: request.params as Readonly<Record<string, string>>,
    ...bodyOf(request, route),
    query: request.query as Readonly<Record<string, unknown>>,
    sent: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    warn: (text) => void warnings.push(text),
    header: (name, value) => void reply.header(name, value),
    status: (other) => {
      status = other;
    },
    delivered: () => deliveryOf(reply),
  };
  const result = await route.handle(ask);
  if (route.access === 'write' && route.audited !== false) {
    await audit(deps, route, ask, { seen, result }).catch(failAfterTheAct);
  }
  if (result instanceof EventStream) {
    reply.hijack();
    result.start(reply.raw, () => stillAdmitted(request, route, deps));
    return reply;
  }
  if (warnings.length > 0) reply.header('x-pickup-warning', headerText(warnings.join(' ')));
  reply.code(status).header('cache-control', 'no-store');
  if (result instanceof JsonText) return reply.type('application/json; charset=utf-8').send(result.text);
  return result === undefined ? reply.send() : reply.send(result);
}

function deliveryOf({ raw }: FastifyReply): Promise<boolean> {
  return new Promise((resolve) => {
    if (raw.destroyed) return resolve(false);
    raw.once('finish', () => resolve(true));
    raw.once('close', () => resolve(false));
  });
}

function bodyOf(request: FastifyRequest, route: Route): Pick<Ask, 'body' | 'files' | 'raw'> {
  const { body, url, headers } = request;
  if (route.raw)
    return { body: undefined, raw: { url, headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) } };
  return body instanceof Form ? { body: body.texts, files: body.files } : { body };
}

/** Throws 400 where a parameter of the route is there twice: which one is meant nobody can say. */
function refuseRepeats(route: Route, query: unknown): void {
  const repeated = route.query?.find((name) => Array.isArray((query as Readonly<Record<string, unknown>>)[name]));
  if (repeated !== undefined) throw invalid(`${repeated} must be given once.`);
}

/** Ids by which a result says what was made. */
const MADE = /^(?:agent|llm|conversation_flow|knowledge_base|key|call|chat)_id$|^phone_number$/;

/** The change is acknowledged once it is in the log, which holds names and ids, never values. */
function audit(deps: ApiDeps, route: Route, ask: Ask, { seen, result }: { seen: Seen; result: unknown }) {
  const made = Object.entries(result ?? {}).filter(([name, value]) => MADE.test(name) && typeof value === 'string');
  const body = typeof ask.body === 'object' && ask.body !== null ? Object.keys(ask.body) : [];
  const sent = new Set([...body, ...(ask.files ?? []).map(({ field }) => field)]);
  return deps.store.recordAudit({
    timestamp: deps.clock.wallMs(),
    key_id: seen.keyId ?? '',
    action: `${route.method} ${route.path}`,
    target: { ...Object.fromEntries(made), ...ask.params },
    fields: [...sent].slice(0, MOST_FIELDS),
  });
}

/** What was asked for is done: an SDK that tried again would do it twice. */
function failAfterTheAct(error: unknown): never {
  throw Object.assign(new ApiFailure({ ...answerTo(error), should_retry: false }), { cause: error });
}

/** Changes and warnings are worth an operator's line, reads are not. */
function logRequest(deps: ApiDeps, route: Route, seen: Seen | undefined, reply: FastifyReply): void {
  const warnings = seen?.warnings ?? [];
  const fields = {
    method: route.method,
    route: route.path,
    status: reply.statusCode,
    duration_ms: Math.round(reply.elapsedTime),
    ...(seen?.keyId !== undefined && { key_id: seen.keyId }),
    ...(warnings.length > 0 && { 'pii.warnings': warnings }),
  };
  if (warnings.length > 0) deps.log.warn('api_request', fields);
  else if (route.access === 'write' && seen?.keyId !== undefined) deps.log.info('api_request', fields);
  else deps.log.debug('api_request', fields);
}

/** Only what may stand in a header. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_WARNING_CHARS);
}
