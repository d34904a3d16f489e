import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FULL_KEY, READ_KEY, startTestApi, type TestApi, WEBHOOK_KEY } from '../../test/start-test-api.ts';
import { createInboundFeed } from '../observe/inbound-feed.ts';
import { silentLog } from '../observe/log.ts';
import { createApi } from './create-api.ts';
import { openApi } from './openapi.ts';

interface Operation {
  readonly 'x-pickup-access': 'public' | 'read' | 'write';
  readonly security: readonly unknown[];
  readonly requestBody?: unknown;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let api: TestApi;
let routes: { readonly method: string; readonly path: string; readonly operation: Operation }[];
beforeAll(async () => {
  api = await startTestApi();
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
  routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => api.close());

const PUBLIC = ['/docs', '/health', '/openapi.json', '/ready'];
/** Providers' webhooks: a signature opens them, and no key does. */
const isSigned = (path: string) => /^\/(twilio|telnyx)\//.test(path);
const READING_POSTS = [
  '/search-community-voice',
  '/search-knowledge-base/{knowledge_base_id}',

  '/check-webhook-reply',
  '/list-inbounds',
  '/v2/list-agents',
  '/v2/list-calls',
  '/v3/list-calls',
  '/v3/list-chats',
];

async function ask(route: (typeof routes)[number], key: string | undefined) {
  const response = await fetch(api.url + route.path.replaceAll(/\{\w+\}/g, 'nobody'), {
    method: route.method,
    headers: {
      ...(key !== undefined && { authorization: key }),
      ...(route.operation.requestBody !== undefined && { 'content-type': 'application/json' }),
    },
    ...(route.operation.requestBody !== undefined && { body: '{}' }),
  });
  const type = response.headers.get('content-type');
  // A stream would go on for ever.
  const text = type?.startsWith('text/event-stream') ? await response.body?.cancel() : await response.text();
  const isJson = type?.startsWith('application/json');
  return { status: response.status, body: isJson ? JSON.parse(String(text)) : undefined };
}

describe('case 87 every route of the document', () => {
  test('without a key, with a wrong one or with another scheme: 401, but for the public ones', async () => {
    expect(routes.length).toBeGreaterThan(40);
    for (const route of routes) {
      const open = PUBLIC.includes(route.path);
      expect(route.operation.security, route.path).toHaveLength(open || isSigned(route.path) ? 0 : 1);
      const wrong = [undefined, 'Bearer revoked', 'Bearer', `Basic ${FULL_KEY}`, `Bearer ${FULL_KEY.slice(0, -1)}8`];
      for (const key of wrong) {
        const { status, body } = await ask(route, key);
        expect(status, `${route.path} ${key}`).toBe(open ? 200 : isSigned(route.path) ? 403 : 401);
        if (!open) expect(body).toMatchObject({ status: 'error', message: expect.any(String) });
      }
    }
  });

  test('with a read-only key: reads only, else 403', async () => {
    for (const route of routes) {
      const { status } = await ask(route, `Bearer ${READ_KEY}`);
      const reads =
        (route.method === 'GET' && !['/list-api-keys', '/list-audit-log'].includes(route.path)) ||
        READING_POSTS.includes(route.path);
      if (reads) expect([200, 400, 404, 422], route.path).toContain(status);
      else expect(status, route.path).toBe(403);
    }
  });

  test('with a key that only signs: nothing but the public ones, else 403', async () => {
    for (const route of routes) {
      const { status } = await ask(route, `Bearer ${WEBHOOK_KEY}`);
      expect(status, route.path).toBe(PUBLIC.includes(route.path) ? 200 : 403);
    }
  });

  test('with the own key: admitted', async () => {
    for (const route of routes) {
      const { status, body } = await ask(route, `Bearer ${FULL_KEY}`);
      if (isSigned(route.path)) expect(status, route.path).toBe(403);
      else expect([200, 201, 204, 400, 404, 422], route.path).toContain(status);
      if (status >= 400) expect(body).toMatchObject({ status: 'error', message: expect.any(String) });
    }
  });
});

/** The router's own tree, read back to `path METHOD` lines. */
function servedRoutes(tree: string): string[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const found = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (found === null) return [];
    const depth = found[1]!.length / 4;
    const path = (parents[depth - 1] ?? '') + found[2];
    parents[depth] = path;
    const methods = found[3]?.split(', ') ?? [];
    return methods.map((method) => `${path.replaceAll(/:(\w+)/g, '{$1}')} ${method}`);
  });
}

test('the document has every route that the server has, and no other', async () => {
  const deps = {
    store: api.store,
    catalogue: { voices: new Map() },
    log: {},
    feed: createInboundFeed({ log: silentLog }),
  };
  const app = createApi(deps as unknown as Parameters<typeof createApi>[0]);
  await app.ready();
  const served = servedRoutes(app.printRoutes({ commonPrefix: false }));
  await app.close();
  expect(served.sort()).toEqual(routes.map(({ method, path }) => `${path} ${method}`).sort());
});

test('the document names path parameters, and no route twice', () => {
  expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length);
  const document = openApi([{ method: 'GET', path: '/a/{b}', summary: 's', access: 'write', handle: () => {} }], '1');
  expect(document).toMatchObject({ paths: { '/a/{b}': { get: { parameters: [{ name: 'b', in: 'path' }] } } } });
});
