/** What can be rung: a handler of this package, anything that answers Web requests, or a running endpoint by its URL. */
import { REHEARSED_ENDPOINT } from '@pickup/core';
import { type Sign, signerOf, signWith } from '../verify/sign-for-kit.ts';

/** Answers a Web request, as Hono's, a Worker's or a route handler's function does. */
export type FetchFunction = (request: Request) => Response | Promise<Response>;

/** See the module's header. */
export type Endpoint = FetchFunction | { readonly fetch: FetchFunction } | string | URL;

/** An endpoint, ready to be asked. */
export interface Reachable {
  readonly url: string;
  readonly sign: Sign;
  readonly send: FetchFunction;
}

/** @throws TypeError for what is no endpoint, and where nobody knows the key to sign with. */
export function reach(
  endpoint: Endpoint,
  { apiKey, path }: { readonly apiKey?: string; readonly path?: string },
): Reachable {
  const sign = apiKey === undefined ? signerOf(endpoint) : signWith(apiKey);
  if (sign === undefined)
    throw new TypeError('ring needs apiKey here: only a handler of createInboundHandler knows its own key.');
  if (typeof endpoint === 'string' || endpoint instanceof URL) {
    const url = new URL(path ?? '', endpoint).href;
    return { url, sign, send: (request) => fetch(request, { redirect: 'manual' }) };
  }
  const url = new URL(path ?? '/', REHEARSED_ENDPOINT).href;
  if (typeof endpoint === 'function') return { url, sign, send: async (request) => endpoint(request) };
  if (typeof endpoint?.fetch === 'function') return { url, sign, send: async (request) => endpoint.fetch(request) };
  throw new TypeError('ring takes a handler of createInboundHandler, something with fetch(request), or a URL.');
}
