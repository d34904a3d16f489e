/** The endpoint as an Express handler (4 and 5), before or behind express.json(). */
import type { InboundHandler } from './inbound/inbound-handler.ts';
import { type NodeListener, nodeListener } from './node.ts';

export type { NodeListener, NodeRequest, NodeResponse } from './node.ts';

/**
 * `app.post('/inbound', expressHandler(inbound))`. Mounted before a body parser it verifies the raw bytes; behind
 * express.json() the parsed body as compact JSON, which is what Pickup sends.
 */
export function expressHandler(handler: InboundHandler): NodeListener {
  return nodeListener(handler);
}
