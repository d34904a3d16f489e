/** The OpenAPI 3.1 document, made from the route table. */
import { API_ERRORS } from '@pickup/contract';
import type { Route } from './route.ts';

/** Builds the document; `version` is the gateway's. */
export function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.method.toLowerCase()] = operation(route);
    paths[route.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Pickup', version, description: 'Retell-compatible routes, and those of Pickup.' },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: ERROR_SCHEMA },
    },
  };
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['status', 'message', 'code'],
  properties: {
    status: { const: 'error' },
    message: { type: 'string' },
    code: { enum: Object.keys(API_ERRORS) },
    issues: { type: 'array', items: { type: 'object' } },
  },
};

function operation(route: Route): Record<string, unknown> {
  const parameters = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter(name!, 'path')),
    ...(route.query ?? []).map((name) => parameter(name, 'query')),
  ];
  return {
    operationId: route.path.slice(1).replaceAll(/[^a-z0-9]+/g, '_'),
    summary: route.summary,
    security: route.access === 'public' ? [] : [{ bearer: [] }],
    'x-pickup-access': route.access,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: { content: contentOf(route, route.body) } }),
    responses: {
      [String(route.status ?? 200)]: {
        description: 'Success',
        ...(route.streams && { content: { 'text/event-stream': { schema: { type: 'string' } } } }),
      },
      default: {
        description: 'Failure',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function contentOf({ form }: Route, schema: NonNullable<Route['body']>) {
  return { 'application/json': { schema }, ...(form && { 'multipart/form-data': { schema } }) };
}

function parameter(name: string, place: 'path' | 'query') {
  return { name, in: place, required: place === 'path', schema: { type: 'string' } };
}
