/** Case 87: every route of the document, with whatever may be sent to it. Nothing is a 500, and no failure changes anything. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FilledWorld, startFilledWorld } from '../../test/filled-world.ts';
import { startTestApi } from '../../test/start-test-api.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const routes = await routesOfDocument();
const withJson = routes.filter(({ schema }) => schema !== undefined);

async function routesOfDocument() {
  const api = await startTestApi();
  const { paths } = (await (await api.request('/openapi.json')).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  await api.close();
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, { parameters = [], requestBody }]) => {
      const method = verb.toUpperCase();
      const query = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
      return {
        name: `${method} ${path}`,
        method,
        path,
        query,
        schema: requestBody?.content['application/json']?.schema,
      };
    }),
  );
}

type Route = (typeof routes)[number];

const JSON_TYPE = { 'content-type': 'application/json' };
const VALUES: readonly unknown[] = [true, 5, -1.5, 'x', '', [], ['x'], [{}], [[[]]], {}, { x: { y: [1] } }];

let world: FilledWorld;

/** The reply's status; a failure has to have the contract's body and to have changed nothing. */
async function send(route: Route, init: RequestInit, path = world.pathOf(route.path)): Promise<number> {
  const before = world.snapshot();
  const response = await world.api.request(path, { method: route.method, ...init });
  const text = isStream(response) ? await leave(response) : await response.text();
  const told = `${route.method} ${path} ${String(init.body).slice(0, 200)}: ${response.status} ${text.slice(0, 300)}`;
  expect(response.status, told).toBeLessThan(500);
  if (response.status >= 400) {
    expect(JSON.parse(text), told).toMatchObject({ status: 'error', message: expect.stringMatching(/\S/) });
    expect(text, told).not.toMatch(/\bat [\w.<>]+ \(|node_modules|undefined/);
    expect(world.snapshot(), told).toBe(before);
  }
  return response.status;
}

const isStream = ({ headers }: Response) => headers.get('content-type')?.startsWith('text/event-stream') ?? false;

/** It would go on for ever. */
async function leave({ body }: Response): Promise<string> {
  await body?.cancel();
  return '';
}

const sendJson = (route: Route, body: unknown) => send(route, { headers: JSON_TYPE, body: JSON.stringify(body) });

describe.each(withJson)('$name', (route) => {
  const base = () => world.bodies[route.name] ?? {};
  beforeAll(async () => {
    world = await startFilledWorld();
  });
  afterAll(() => world.api.close());

  test('a body that is no JSON object, or no JSON, is refused', async () => {
    for (const body of ['[]', '"x"', '5', 'true', '[{}]']) {
      expect(await send(route, { headers: JSON_TYPE, body }), body).toBe(400);
    }
    for (const body of ['{', '{"a":1,}', '\u0000', '{"a":NaN}', `${'['.repeat(5_000)}${']'.repeat(5_000)}`]) {
      expect(await send(route, { headers: JSON_TYPE, body }), body.slice(0, 20)).toBe(400);
    }
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const body = `{"a":{"${key}":{"polluted":true}}}`;
      expect(await send(route, { headers: JSON_TYPE, body }), body).toBe(400);
    }
    expect(Object.prototype).not.toHaveProperty('polluted');
    for (const body of ['null', '', ' ', '{}']) await send(route, { headers: JSON_TYPE, body });
    await send(route, {});
  });

  test('another content type is 415, a body over the limit 413, one of 1 MB is read', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      expect(await send(route, { headers: { 'content-type': type }, body: '{}' }), type).toBe(415);
    }
    expect(await send(route, { body: new TextEncoder().encode('{}') })).toBe(415);
    const huge = JSON.stringify({ ...base(), unknown: 'x'.repeat(5_000_000) });
    expect(await send(route, { headers: JSON_TYPE, body: huge })).toBe(413);
    await sendJson(route, { ...base(), unknown: 'x'.repeat(1_000_000) });
  });

  test('each field that is required, and each of another type', async () => {
    const { properties = {}, required = [] } = route.schema!;
    for (const name of required) {
      const { [name]: _left, ...rest } = base();
      expect(await sendJson(route, rest), `without ${name}`).toBe(400);
      if (allows(properties[name]!, null)) continue;
      expect(await sendJson(route, { ...rest, [name]: null }), `${name} null`).toBe(400);
    }
    for (const [name, schema] of Object.entries(properties)) {
      for (const value of VALUES) {
        const status = await sendJson(route, { ...base(), [name]: value });
        if (!allows(schema, value)) expect([400, 422], `${name}: ${JSON.stringify(value)}`).toContain(status);
      }
      for (const value of [null, 1e308, 'x'.repeat(100_000)]) await sendJson(route, { ...base(), [name]: value });
    }
  });

  test('a field of the right type is taken once all that was wrong was refused', async () => {
    world = await restarted();
    const body = world.bodies[route.name];
    if (body !== undefined) expect([200, 201]).toContain(await sendJson(route, body));
  });
});

async function restarted(): Promise<FilledWorld> {
  await world.api.close();
  return startFilledWorld();
}

/** Whether the schema lets the value through, by its kind alone. */
function allows(schema: Schema, value: unknown): boolean {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return branches.some((branch) => allows(branch, value));
  if ('const' in schema) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  if (schema.type === undefined) return true;
  return [schema.type].flat().some((type) => isOfType(type, value));
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

describe('case 87 ids and queries', () => {
  beforeAll(async () => {
    world = await startFilledWorld();
  });
  afterAll(() => world.api.close());

  const STRANGE = [
    ...['nobody', '+4930', '..', '%2e%2e%2f', '%00', '%F0%9F%93%9E', '__proto__', 'constructor', 'toString', "'--"],
    ...['x'.repeat(150), '0', '-1', '{}', '*', 'null', '%0a', '%7F'],
  ];
  const named = routes.filter(({ path }) => path.includes('{'));

  test.each(named)('$name: an id that nobody knows', async (route) => {
    for (const id of STRANGE) {
      const path = route.path.replaceAll(/\{\w+\}/g, id);
      const body = route.schema && { headers: JSON_TYPE, body: JSON.stringify(world.bodies[route.name] ?? {}) };
      expect([400, 404, 422], id).toContain(await send(route, body ?? {}, path));
    }
    const unknown = route.path.replaceAll(/\{\w+\}/g, 'nobody');
    const body = route.schema && { headers: JSON_TYPE, body: JSON.stringify(world.bodies[route.name] ?? {}) };
    expect(await send(route, body ?? {}, unknown)).toBe(route.path.includes('conversation-flow') ? 404 : 422);
    expect([400, 404, 422]).toContain(await send(route, body ?? {}, route.path.replaceAll(/\{\w+\}/g, '%zz')));
    expect([404, 405]).toContain(await send(route, body ?? {}, route.path.replaceAll(/\{\w+\}/g, 'x'.repeat(300))));
  });

  const NONSENSE: Readonly<Record<string, readonly string[]>> = {
    limit: ['0', '-1', '1001', 'x', '1.5', '1e2', '99999999999999999999'],
    pagination_key: ['x', '1', '1.2.3', "'; DROP TABLE calls", '%00', 'call_none'],
    sort_order: ['up', 'DESC', '1'],
    version: ['99', '-1', '1.5', 'nonsense', '1e2', '99999999999999999999', '%00'],
    channel: ['', 'fax', '%00'],
    outcome: ['', 'nonsense', 'CONNECTED', '%00'],
    to_number: [''],
    force_delete: ['perhaps', '1', '%00'],
  };

  const asked = routes.filter(({ query }) => query.length > 0);
  test.each(asked)('$name: queries that are none', async (route) => {
    for (const name of route.query) {
      for (const value of [...(NONSENSE[name] ?? []), `a&${name}=b`]) {
        const status = await send(route, {}, `${world.pathOf(route.path)}?${name}=${value}`);
        expect([400, 404, 422], `${name}=${value}`).toContain(status);
      }
    }
  });

  test.each(routes.filter(({ method }) => method === 'GET'))('$name: queries that nobody asked for', async (route) => {
    for (const query of [
      '?',
      '?x',
      '?x=1&x=2',
      '?%00=%00',
      '?__proto__=1',
      '?version=&limit=',
      `?x=${'y'.repeat(10_000)}`,
    ]) {
      await send(route, {}, `${world.pathOf(route.path)}${query}`);
    }
  });
});

describe('updates that cross', () => {
  beforeAll(async () => {
    world = await startFilledWorld();
  });
  afterAll(() => world.api.close());

  test.each([
    ['/update-agent/{agent_id}', '/get-agent/{agent_id}', 'agent_name', 'begin_message_delay_ms'],
    ['/update-retell-llm/{llm_id}', '/get-retell-llm/{llm_id}', 'general_prompt', 'model_temperature'],
    [
      '/update-conversation-flow/{conversation_flow_id}',
      '/get-conversation-flow/{conversation_flow_id}',
      'global_prompt',
      'model_temperature',
    ],
    ['/update-phone-number/{phone_number}', '/get-phone-number/{phone_number}', 'nickname', 'ring_budget_ms'],
  ])('%s: whole bodies win, the last of them stays, and no other field is lost', async (update, get, text, number) => {
    const read = async () => (await (await world.api.request(world.pathOf(get))).json()) as Record<string, unknown>;
    const before = await read();
    const amount = (n: number) => (number === 'model_temperature' ? n / 20 : 20_000 + n);
    const scaled = (n: number) => (number === 'begin_message_delay_ms' ? n : amount(n));
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        world.api.request(world.pathOf(update), {
          method: 'PATCH',
          headers: JSON_TYPE,
          body: JSON.stringify({ [text]: `text ${n}`, [number]: scaled(n) }),
        }),
      ),
    );
    const bodies = (await Promise.all(replies.map((reply) => reply.json()))) as Record<string, unknown>[];
    const after = await read();
    for (const body of [...bodies, after]) {
      const n = Number(String(body[text]).replace('text ', ''));
      expect(body[number]).toBe(scaled(n));
    }
    const changed = Object.keys(after).filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]));
    expect(changed.filter((name) => name !== 'last_modification_timestamp').sort()).toEqual([text, number].sort());
  });
});
