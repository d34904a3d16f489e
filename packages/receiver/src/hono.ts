/** The endpoint for Hono, wherever Hono runs. */

import type { InboundHandler } from './inbound/inbound-handler.ts';
import { BODY_WAS_READ } from './verify/verify-request.ts';

/** What is needed of Hono's context. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request; arrayBuffer(): Promise<ArrayBuffer> };
}

/** `app.post('/inbound', honoHandler(inbound))`; also where a middleware has read the body by `c.req.json()`. */
export function honoHandler(handler: InboundHandler) {
  return async ({ req }: HonoContextLike): Promise<Response> => {
    if (!req.raw.bodyUsed) return handler.fetch(req.raw);
    // Hono keeps what was read through it; what was read past it, by req.raw, is gone.
    const body = await req.arrayBuffer().catch(() => undefined);
    if (body === undefined) throw new TypeError(BODY_WAS_READ);
    return handler.fetch(new Request(req.raw.url, { method: req.raw.method, headers: req.raw.headers, body }));
  };
}
