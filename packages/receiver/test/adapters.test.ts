/** Each adapter in its own framework: signed by the official SDK, over a real socket where there is one. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signWebhook } from '@pickup/signature';
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyResult,
  APIGatewayProxyResultV2,
} from 'aws-lambda';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { Retell } from 'retell-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { expressHandler } from '../src/express.ts';
import { fastifyHandler, fastifyInbound } from '../src/fastify.ts';
import { honoHandler } from '../src/hono.ts';
import { accept, createInboundHandler } from '../src/index.ts';
import { lambdaHandler } from '../src/lambda.ts';
import { apiHandler, routeHandler } from '../src/next.ts';
import { type NodeListener, nodeListener } from '../src/node.ts';
import { worker } from '../src/workers.ts';

const apiKey = 'key_of_the_endpoint';
const inbound = createInboundHandler({
  apiKey,
  onCall: ({ from_number }, { inboundId, attempt }) =>
    accept({ agent_id: 'agent_1', variables: { from_number, inboundId, attempt } }),
  onRefused: () => {},
});
const BODY = '{"event":"call_inbound","call_inbound":{"from_number":"+12137771234","to_number":"+12137771235"}}';
const REPLY = {
  call_inbound: {
    override_agent_id: 'agent_1',
    dynamic_variables: { from_number: '+12137771234', inboundId: 'inb_1', attempt: '2' },
  },
};

const headersFor = async (signature?: string) => ({
  'content-type': 'application/json',
  'x-retell-signature': signature ?? (await Retell.sign(BODY, apiKey)),
  'webhook-id': 'inb_1',
  'x-pickup-attempt': '2',
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<string> {
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function post(url: string, { body = BODY, signature }: { body?: string; signature?: string } = {}) {
  const response = await fetch(url, { method: 'POST', body, headers: await headersFor(signature) });
  const text = await response.text();
  return {
    status: response.status,
    step: response.headers.get('x-pickup-verification'),
    type: response.headers.get('content-type'),
    body: text === '' ? undefined : JSON.parse(text),
  };
}

const ACCEPTED = { status: 200, step: null, type: expect.stringMatching(/^application\/json/), body: REPLY };
const INDENTED = JSON.stringify(JSON.parse(BODY), undefined, 2);

/** Servers by what stands in front of the handler; `raw` where a body written anew can be told from a wrong key. */
const SERVERS: readonly (readonly [string, { raw: boolean }, () => Promise<string>])[] = [
  ['node:http', { raw: true }, () => listen(createServer(nodeListener(inbound)))],
  ['Express', { raw: true }, () => listen(createServer(express().post('/', expressHandler(inbound))))],
  [
    'Express behind express.json()',
    { raw: false },
    () => listen(createServer(express().use(express.json()).post('/', expressHandler(inbound)))),
  ],
  [
    'Express behind express.raw()',
    { raw: true },
    () =>
      listen(
        createServer(
          express()
            .use(express.raw({ type: '*/*' }))
            .post('/', expressHandler(inbound)),
        ),
      ),
  ],
  [
    'Express behind express.text()',
    { raw: true },
    () =>
      listen(
        createServer(
          express()
            .use(express.text({ type: '*/*' }))
            .post('/', expressHandler(inbound)),
        ),
      ),
  ],
  [
    'Express behind express.json() that keeps rawBody',
    { raw: true },
    () => {
      const keep = express.json({ verify: (request, _, raw) => void Object.assign(request, { rawBody: raw }) });
      return listen(createServer(express().use(keep).post('/', expressHandler(inbound))));
    },
  ],
  [
    'Fastify with its JSON parser',
    { raw: false },
    async () => {
      const app = Fastify();
      closers.push(() => app.close());
      app.post('/', fastifyHandler(inbound));
      return app.listen({ port: 0, host: '127.0.0.1' });
    },
  ],
  [
    'Fastify with the plugin',
    { raw: true },
    async () => {
      const app = Fastify();
      closers.push(() => app.close());
      app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
        done(null, JSON.parse(String(body))),
      );
      app.register(fastifyInbound(inbound), { prefix: '/inbound' });
      app.post('/other', async (request) => request.body);
      return `${await app.listen({ port: 0, host: '127.0.0.1' })}/inbound`;
    },
  ],
  [
    'Hono',
    { raw: true },
    async () => listen(createServer(webListener(new Hono().post('/', honoHandler(inbound)).fetch))),
  ],
  [
    'Hono behind a middleware that reads the text',
    { raw: true },
    async () => {
      const app = new Hono().use(async (c, next) => {
        await c.req.text();
        await next();
      });
      return listen(createServer(webListener(app.post('/', honoHandler(inbound)).fetch)));
    },
  ],
  [
    'Hono behind a middleware that reads the JSON',
    { raw: true },
    async () => {
      const app = new Hono().use(async (c, next) => {
        await c.req.json();
        await next();
      });
      return listen(createServer(webListener(app.post('/', honoHandler(inbound)).fetch)));
    },
  ],
  ['Next.js route handler', { raw: true }, () => listen(createServer(webListener(routeHandler(inbound))))],
  ['Next.js API route without its parser', { raw: true }, () => listen(createServer(apiHandler(inbound)))],
  [
    'Next.js API route behind its parser',
    { raw: false },
    () => listen(createServer(parsedAsNextDoes(apiHandler(inbound)))),
  ],
  [
    'a Worker’s fetch',
    { raw: true },
    () => listen(createServer(webListener((request) => worker(() => inbound).fetch(request, {})))),
  ],
];

/** What a server that speaks Web requests does: node:http's request as a Request. */
function webListener(answer: (request: Request) => Response | Promise<Response>): NodeListener {
  return nodeListener({
    fetch: async (request) => answer(request),
    answer: async ({ method, header, body }) => {
      const names = ['content-type', 'x-retell-signature', 'webhook-id', 'x-pickup-attempt'];
      const headers = names.flatMap((name) =>
        header(name) === undefined ? [] : [[name, header(name)!] as [string, string]],
      );
      const response = await answer(new Request('http://endpoint.test/', { method, headers, body: body as string }));
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    },
  });
}

/** Next.js reads the stream and sets `body`, on the request of node:http itself. */
function parsedAsNextDoes(listener: NodeListener) {
  return async (request: Parameters<NodeListener>[0] & { body?: unknown }, response: Parameters<NodeListener>[1]) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    request.body = JSON.parse(Buffer.concat(chunks).toString());
    await listener(request, response);
  };
}

describe.each(SERVERS)('%s', (_, { raw }, start) => {
  test('B2 a signed request gets its reply', async () => {
    expect(await post(await start())).toEqual(ACCEPTED);
  });

  test('a body written anew is told from a wrong key, where the bytes can be seen', async () => {
    const url = await start();
    const signature = await Retell.sign(BODY, apiKey);
    expect(await post(url, { body: INDENTED, signature })).toMatchObject(
      raw ? { status: 401, step: 'body_changed' } : { status: 200 },
    );
    const foreign = await Retell.sign(BODY, 'key_of_somebody_else');
    expect(await post(url, { signature: foreign })).toMatchObject({
      status: 401,
      step: 'wrong_key',
      body: { step: 'wrong_key' },
    });
  });

  test('a late request is told to be late', async () => {
    const signature = signWebhook({ body: BODY, key: apiKey, wallMs: Date.now() - 360_000 });
    expect(await post(await start(), { signature })).toMatchObject({ status: 401, step: 'stale_timestamp' });
  });
});

test('a body that no webhook has is refused before it is verified, however it comes', async () => {
  const body = 'x'.repeat(1024 * 1024 + 1);
  const url = await listen(createServer(nodeListener(inbound)));
  const signature = await Retell.sign(body, apiKey);
  expect(await post(url, { body, signature })).toMatchObject({ status: 413, body: { error: 'too_large' } });
  const event = { httpMethod: 'POST', headers: await headersFor(signature), body };
  expect((await lambdaHandler(inbound)(event)).statusCode).toBe(413);
});

test('a parser that leaves nothing is an answer of 500 that says what to do', async () => {
  const swallow: express.RequestHandler = (request, _, next) => void request.resume().on('end', () => next());
  const url = await listen(createServer(express().use(swallow).post('/', expressHandler(inbound))));
  expect(await post(url)).toMatchObject({ status: 500, body: { error: 'body_was_read' } });
});

test('a middleware that changes the parsed body is suspected', async () => {
  const change: express.RequestHandler = (request, _, next) => {
    request.body.call_inbound.trimmed = true;
    next();
  };
  const url = await listen(createServer(express().use(express.json(), change).post('/', expressHandler(inbound))));
  expect(await post(url)).toMatchObject({
    step: 'wrong_key',
    body: { fix: expect.stringContaining('middleware changed it') },
  });
});

test('Fastify’s other routes keep their parsed JSON beside the plugin', async () => {
  const app = Fastify();
  closers.push(() => app.close());
  app.register(fastifyInbound(inbound), { prefix: '/inbound' });
  app.post('/other', async (request) => ({ kind: typeof request.body }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  expect((await post(`${url}/other`)).body).toEqual({ kind: 'object' });
  expect(await post(`${url}/inbound`)).toEqual(ACCEPTED);
});

describe('Lambda', () => {
  const handler = lambdaHandler(inbound);
  const events: Readonly<Record<string, (headers: Record<string, string>) => object>> = {
    'API Gateway 1.0': (headers) => ({ httpMethod: 'POST', headers, body: BODY, isBase64Encoded: false }),
    'API Gateway 1.0, headers as typed by the client': (headers) => ({
      httpMethod: 'POST',
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
      body: BODY,
    }),
    'a load balancer with several values, base64': (headers) => ({
      httpMethod: 'POST',
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      body: Buffer.from(BODY).toString('base64'),
      isBase64Encoded: true,
    }),
    'API Gateway 2.0': (headers) => ({
      version: '2.0',
      requestContext: { http: { method: 'POST' } },
      headers,
      body: BODY,
    }),
    'a function URL, base64': (headers) => ({
      version: '2.0',
      requestContext: { http: { method: 'POST' } },
      headers,
      body: Buffer.from(BODY).toString('base64'),
      isBase64Encoded: true,
    }),
  };

  test.each(Object.entries(events))('B2 %s gets its reply', async (_, event) => {
    const result = await handler(event(await headersFor()));
    expect(result).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      isBase64Encoded: false,
    });
    expect(JSON.parse(result.body)).toEqual(REPLY);
    const refused = await handler(event(await headersFor('v=1,d=2')));
    expect(refused).toMatchObject({ statusCode: 401, headers: { 'x-pickup-verification': 'malformed_signature' } });
  });

  test('an event that is no request throws, and a GET gets 405', async () => {
    await expect(handler({ Records: [] } as never)).rejects.toThrow('no HTTP request');
    expect((await handler({ httpMethod: 'GET', headers: null, body: null })).statusCode).toBe(405);
  });

  test('the types fit those of AWS', () => {
    const v1: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult> = handler;
    const v2: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyResultV2> = handler;
    expect(v1).toBe(v2);
  });
});
