/** The endpoint of the benches, a process of its own: answers every POST with the same reply. Ends with its parent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

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

const server = createServer((request, response) => {
  request.on('end', () => response.writeHead(200, head).end(reply)).resume();
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
