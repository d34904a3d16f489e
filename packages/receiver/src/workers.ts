/** The endpoint for Cloudflare Workers. */
import type { InboundHandler } from './inbound/inbound-handler.ts';

/** A Worker's default export. */
export interface Worker<Env> {
  fetch(request: Request, env: Env): Promise<Response>;
}

/**
 * `export default worker((env) => createInboundHandler({ apiKey: env.RETELL_API_KEY, … }))`. Secrets are known at the
 * first request only; the handler is made then, once per isolate, whose bindings never change.
 */
export function worker<Env>(create: (env: Env) => InboundHandler): Worker<Env> {
  let handler: InboundHandler | undefined;
  return {
    fetch: async (request, env) => {
      handler ??= create(env);
      return handler.fetch(request);
    },
  };
}
