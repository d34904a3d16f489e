/** Methods of the SDK outside the core: told apart from mistyped routes, for any body, after the key. */
import { Retell } from 'retell-sdk';
import { Retell as Retell466 } from 'retell-sdk-4-66';
import { Retell as Retell59 } from 'retell-sdk-5-9';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from '../support/gateway.ts';
import { CORE, OUTSIDE } from './sdk-methods.ts';
import { methodsOf, routesOf } from './sdk-routes.ts';

/** Of the older SDKs. */
const OLDER_OUTSIDE =
  /^(call\.createWebCall|conversationFlowComponent\..*|batchCall\..*|tests\..*|mcpTool\..*|exportRequest\..*)$/;

let gateway: GatewayProcess;
let paths: Readonly<Record<string, object>>;
beforeAll(async () => {
  gateway = await startGateway();
  paths = (await gateway.rest('GET', '/openapi.json')).body.paths;
}, 90_000);
afterAll(() => gateway?.kill9());

/** The document's operation behind `METHOD /path`, if there is one. */
function documented(route: string): boolean {
  const [method = '', asked = ''] = route.split(' ');
  return Object.entries(paths).some(([path, operations]) => {
    const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return pattern.test(asked) && method.toLowerCase() in operations;
  });
}

const client = (apiKey: string) => new Retell({ apiKey, baseURL: gateway.httpUrl, maxRetries: 0 });

test.each(OUTSIDE)('%s says what Pickup does not do', async (name) => {
  const call = (apiKey: string) =>
    methodsOf(client(apiKey))
      .find((method) => method.name === name)!
      .call();
  await expect(call(API_KEY)).rejects.toMatchObject({
    status: 404,
    error: { status: 'error', code: 'not_offered', message: expect.stringMatching(/^Pickup does not .+\.$/) },
  });
  await expect(call('key_of_somebody_else')).rejects.toMatchObject({ status: 401 });
});

test('the document has every route of the core and none from outside of it', async () => {
  const routes = await routesOf((options) => new Retell(options));
  const missing = Object.keys(CORE).filter((name) => !documented(routes.get(name)!));
  expect(missing).toEqual([]);
  expect(OUTSIDE.filter((name) => documented(routes.get(name)!))).toEqual([]);
});

test('every other route of the older SDKs is served too', async () => {
  for (const make of [
    (options: ConstructorParameters<typeof Retell59>[0]) => new Retell59(options),
    (options: { apiKey: string; baseURL: string; fetch: typeof fetch }) =>
      new Retell466({ ...options, fetch: options.fetch as never }),
  ] as const) {
    const routes = await routesOf((options) => make(options));
    const outside = new Set<string>(OUTSIDE);
    const ours = [...routes].filter(([name]) => !outside.has(name) && !OLDER_OUTSIDE.test(name));
    expect(ours.length).toBeGreaterThan(40);
    expect(ours.filter(([, route]) => !documented(route))).toEqual([]);
  }
});
