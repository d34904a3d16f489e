/** The endpoint as a listener of node:http, and of every framework that hands on its request and response. */
import { bodyOf, headerOf, type NodeRequest } from './adapters/node-body.ts';
import { bodyWasRead, brokenOff } from './inbound/create-inbound-handler.ts';
import { type Answer, tooLarge } from './inbound/delivery.ts';
import type { InboundHandler } from './inbound/inbound-handler.ts';

export type { NodeRequest } from './adapters/node-body.ts';

/** What is needed of an http.ServerResponse. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** A listener for `http.createServer`; its promise never rejects. */
export type NodeListener = (request: NodeRequest, response: NodeResponse) => Promise<void>;

/** Answers node:http's requests: `http.createServer(nodeListener(inbound)).listen(3000)`. */
export function nodeListener(handler: InboundHandler): NodeListener {
  return async (request, response) => {
    const { status, headers, body } = await answerNode(handler, request);
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end(body);
  };
}

async function answerNode(handler: InboundHandler, request: NodeRequest): Promise<Answer> {
  const found = await bodyOf(request).catch(() => 'broken_off' as const);
  if (found === 'broken_off') return brokenOff();
  if (found === 'too_large') return tooLarge();
  if (found === 'was_read') return bodyWasRead();
  const header = (name: string) => headerOf(request.headers, name);
  return handler.answer({ method: request.method ?? 'GET', header, body: found.body });
}
