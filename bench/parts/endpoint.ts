/**
 * The endpoint of the benches, a process of its own: answers every POST with the same reply, at once; at /slow after
 * 5 s, at /hang never. Asked over IPC it tells the deadline that each request named. Ends with its parent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions } from './answer-questions.ts';

const SLOW_MS = 5_000;
const reply = Buffer.from(
  JSON.stringify({
    call_inbound: {
      override_agent_id: 'agent_12345',
      override_agent_version: 1,
      agent_override: { agent: { interruption_sensitivity: 0.8 } },
      dynamic_variables: { customer_name: 'John Doe' },
      metadata: { customer_id: '12345' },
    },
  }),
);
const head = { 'content-type': 'application/json', 'content-length': String(reply.length) };

/** By inbound and attempt, `inb_…/1`: the epoch ms by which it was to be answered. */
let deadlines: Record<string, number> = {};

const server = createServer((request, response) => {
  if (request.url === '/') {
    request.on('end', () => response.writeHead(200, head).end(reply)).resume();
    return;
  }
  const { headers } = request;
  deadlines[`${headers['webhook-id']}/${headers['x-pickup-attempt']}`] = Number(headers['x-pickup-deadline']);
  request.resume();
  if (request.url === '/slow') setTimeout(() => response.writeHead(200, head).end(reply), SLOW_MS);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  answerQuestions<object>(
    { port: (server.address() as AddressInfo).port },
    {
      deadlines() {
        const seen = deadlines;
        deadlines = {};
        return { deadlines: seen };
      },
    },
  );
});
