/** The endpoint for Next.js: route handlers of the App Router, and API routes of the Pages Router. */
import type { InboundHandler } from './inbound/inbound-handler.ts';
import { type NodeListener, nodeListener } from './node.ts';

export type { NodeListener, NodeRequest, NodeResponse } from './node.ts';

/** App Router, `app/inbound/route.ts`: `export const POST = routeHandler(inbound)`. For both runtimes. */
export function routeHandler(handler: InboundHandler): (request: Request) => Promise<Response> {
  return (request) => handler.fetch(request);
}

/**
 * Pages Router, `pages/api/inbound.ts`: `export default apiHandler(inbound)`, best with
 * `export const config = { api: { bodyParser: false } }`, so that the raw bytes are verified.
 */
export function apiHandler(handler: InboundHandler): NodeListener {
  return nodeListener(handler);
}
